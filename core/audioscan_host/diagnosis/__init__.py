"""What `audioscan-host doctor` looks at, a module for each subject."""
