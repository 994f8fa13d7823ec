"""What must happen exactly once."""
