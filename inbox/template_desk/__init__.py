"""The admins' pages about templates: list, detail, editor, alarms, costs."""
