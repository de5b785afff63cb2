"""Values as people see them: text here, pictures and tables in time. Nothing leaves the machine."""
