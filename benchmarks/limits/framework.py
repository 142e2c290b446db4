"""A FastAPI process with one route and nothing else: what any of its kind needs of the machine's memory."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/health/ready")
async def ready() -> dict[str, str]:
    return {"status": "ready"}
