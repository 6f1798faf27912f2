"""What the world puts into a lake: each case's odd thing harms only itself. Cases are data; the laptop is real."""
