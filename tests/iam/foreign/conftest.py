"""Nothing here but what pytest must leave alone: CDK apps, which start node when they are imported."""

collect_ignore_glob = ["*_app.py"]
