# One NixOS test for each question: its machines and its time stand in questions.json, what is asked in QUESTION.py.
{ pkgs, footfall }:
let
  inherit (pkgs) lib;
  questions = lib.filterAttrs (_: question: lib.elem "nixos" question.drivers) (
    lib.importJSON ./questions.json
  );
in
lib.mapAttrs' (
  name: question:
  lib.nameValuePair "vm-${name}" (
    import ./run-test.nix {
      inherit pkgs footfall;
      inherit name question;
    }
  )
) questions
