from libs.database.metadata import new_metadata

metadata = new_metadata()
