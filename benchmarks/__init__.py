"""The engine on every runtime: `run` measures, `compare` judges, `report` makes the page."""
