"""What ``cdktf synth`` leaves in its output folder, ``cdktf.out`` by default."""
