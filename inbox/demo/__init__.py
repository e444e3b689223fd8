"""The practice workspace: its people, threads and past, and fast-forward."""
