"""What comes back: feedback pages, the class report, marks for Canvas and Moodle, similar work."""
