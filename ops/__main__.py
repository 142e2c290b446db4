from ops.cli.app import app

app(prog_name="./shop")
