"""What people look at: every page and picture is a pure function of a result's tables."""
