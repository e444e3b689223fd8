"""Figures for leads: kept by `rolling`, read by `report`, drawn by `charts`, taken away by `export`."""
