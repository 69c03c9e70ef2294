# Only what the flake uses of nixpkgs' lib, with the same names and results.
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genList
    hasAttr
    head
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    length
    listToAttrs
    map
    mapAttrs
    match
    removeAttrs
    replaceStrings
    split
    stringLength
    substring
    tail
    ;

  lib = {
    # Functions and values.
    id = value: value;
    const = value: _: value;
    flip =
      f: a: b:
      f b a;
    fix =
      f:
      let
        x = f x;
      in
      x;
    boolToString = value: if value then "true" else "false";
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    importTOML = path: builtins.fromTOML (builtins.readFile path);
    isFunction = f: builtins.isFunction f || (isAttrs f && f ? __functor);
    functionArgs =
      f: if f ? __functor then builtins.functionArgs (f.__functor f) else builtins.functionArgs f;
    composeExtensions =
      a: b: final: prev:
      let
        first = a final prev;
      in
      first // b final (prev // first);
    throwIfNot = condition: message: if condition then lib.id else throw message;

    # Lists.
    singleton = value: [ value ];
    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: values: if condition then values else [ ];
    flatten = value: if isList value then concatMap lib.flatten value else [ value ];
    reverseList = list: genList (n: elemAt list (length list - 1 - n)) (length list);
    last = list: elemAt list (length list - 1);
    init = list: genList (elemAt list) (length list - 1);
    take = count: list: genList (elemAt list) (lib.min count (length list));
    range = first: last: if first > last then [ ] else genList (n: first + n) (last - first + 1);
    min = a: b: if a < b then a else b;
    unique = list: foldl' (seen: value: if elem value seen then seen else seen ++ [ value ]) [ ] list;
    partition = builtins.partition;
    imap0 = f: list: genList (n: f n (elemAt list n)) (length list);
    imap1 = f: list: genList (n: f (n + 1) (elemAt list n)) (length list);
    zipListsWith =
      f: a: b:
      genList (n: f (elemAt a n) (elemAt b n)) (lib.min (length a) (length b));
    findFirst =
      predicate: default: list:
      let
        found = filter predicate list;
      in
      if found == [ ] then default else head found;

    # Strings.
    optionalString = condition: text: if condition then text else "";
    concatStrings = concatStringsSep "";
    toLower = replaceStrings (lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (
      lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz"
    );
    concatLists = lists: concatMap lib.id lists;
    concatMapStrings = f: list: concatStringsSep "" (map f list);
    concatMapStringsSep =
      between: f: list:
      concatStringsSep between (map f list);
    concatLines = lib.concatMapStrings (line: line + "\n");
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    hasSuffix =
      suffix: text:
      let
        start = stringLength text - stringLength suffix;
      in
      start >= 0 && substring start (stringLength suffix) text == suffix;
    hasInfix = infix: text: length (lib.splitString infix text) > 1;
    removePrefix =
      prefix: text: if lib.hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
    removeSuffix =
      suffix: text:
      if lib.hasSuffix suffix text then
        substring 0 (stringLength text - stringLength suffix) text
      else
        text;
    escapeRegex = lib.escape (lib.stringToCharacters "\\[{()^$?*+|.");
    escape = characters: replaceStrings characters (map (character: "\\${character}") characters);
    stringToCharacters = text: genList (n: substring n 1 text) (stringLength text);
    splitString =
      between: text: filter isString (split (lib.escapeRegex (toString between)) (toString text));
    trim =
      text:
      let
        found = match "[[:space:]]*(.*[^[:space:]])[[:space:]]*" text;
      in
      if found == null then "" else head found;
    escapeShellArg =
      value:
      let
        text = toString value;
      in
      if match "[[:alnum:],._+:@%/-]+" text != null then
        text
      else
        "'${replaceStrings [ "'" ] [ "'\\''" ] text}'";
    escapeShellArgs = lib.concatMapStringsSep " " lib.escapeShellArg;
    versionAtLeast = a: b: builtins.compareVersions a b >= 0;

    # Attribute sets.
    optionalAttrs = condition: set: if condition then set else { };
    nameValuePair = name: value: { inherit name value; };
    genAttrs = names: f: listToAttrs (map (name: lib.nameValuePair name (f name)) names);
    mapAttrs' = f: set: listToAttrs (map (name: f name set.${name}) (attrNames set));
    mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
    concatMapAttrs = f: set: foldl' (all: name: all // f name set.${name}) { } (attrNames set);
    filterAttrs =
      predicate: set: removeAttrs set (filter (name: !predicate name set.${name}) (attrNames set));
    attrValues = builtins.attrValues;
    attrByPath =
      path: default: set:
      if path == [ ] then
        set
      else if isAttrs set && hasAttr (head path) set then
        lib.attrByPath (tail path) default set.${head path}
      else
        default;
    hasAttrByPath =
      path: set:
      path == [ ]
      || (isAttrs set && hasAttr (head path) set && lib.hasAttrByPath (tail path) set.${head path});
    setAttrByPath =
      path: value: if path == [ ] then value else { ${head path} = lib.setAttrByPath (tail path) value; };
    getAttrFromPath =
      path: lib.attrByPath path (throw "there is no attribute ${concatStringsSep "." path}");
    recursiveUpdate =
      old: new:
      old
      // mapAttrs (
        name: value:
        if isAttrs value && isAttrs (old.${name} or null) then
          lib.recursiveUpdate old.${name} value
        else
          value
      ) new;
    zipAttrsWith =
      f: sets:
      lib.genAttrs (lib.unique (concatMap attrNames sets)) (
        name: f name (concatMap (set: lib.optional (hasAttr name set) set.${name}) sets)
      );
    mapAttrsRecursiveCond =
      descend: f: set:
      let
        walk =
          path:
          mapAttrs (
            name: value:
            if isAttrs value && descend value then walk (path ++ [ name ]) value else f (path ++ [ name ]) value
          );
      in
      walk [ ] set;
    mapAttrsRecursive = lib.mapAttrsRecursiveCond (_: true);
    collect =
      predicate: value:
      if predicate value then
        [ value ]
      else if isAttrs value then
        concatMap (lib.collect predicate) (builtins.attrValues value)
      else
        [ ];
    extendMkDerivation = null;

    # Packages and paths.
    isDerivation = value: value.type or null == "derivation";
    isStorePath =
      value:
      (isString value || builtins.isPath value || value ? outPath)
      && substring 0 1 (toString value) == "/"
      && dirOf (toString value) == builtins.storeDir;
    dirOf = builtins.dirOf;
    getExe = package: "${package}/bin/${package.meta.mainProgram or package.pname or package.name}";
    getExe' = package: name: "${package}/bin/${name}";
    getBin = package: package;
    makeBinPath = packages: lib.concatMapStringsSep ":" (package: "${package}/bin") packages;
    cleanSourceWith =
      { src, filter, ... }:
      builtins.path {
        name = "source";
        path = src;
        inherit filter;
      };
    licenses.asl20 = {
      spdxId = "Apache-2.0";
    };
    platforms.linux = [
      "x86_64-linux"
      "aarch64-linux"
    ];
    maintainers = { };
    literalExpression = text: {
      _type = "literalExpression";
      inherit text;
    };
    literalMD = text: {
      _type = "literalMD";
      inherit text;
    };

    types = import ./types.nix { inherit lib; };
  }
  // {
    inherit
      isAttrs
      isBool
      isFloat
      isInt
      isList
      isString
      mapAttrs
      foldl'
      concatStringsSep
      concatMap
      elem
      head
      tail
      listToAttrs
      length
      attrNames
      filter
      genList
      elemAt
      match
      removeAttrs
      replaceStrings
      any
      all
      toInt
      ;
    inherit (lib) strings;
  }
  // import ./modules.nix { inherit lib; }
  // import ./documentation.nix { inherit lib; };
  inherit (builtins) any all;
  toInt = text: builtins.fromJSON text;
in
lib
