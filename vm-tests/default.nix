# One NixOS test per question: questions.json has its machines and time limit, QUESTION.py is its script.
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
