# A machine with nothing of ours.
{
  virtualisation.memorySize = 512;
  system.stateVersion = "26.05";
}
