# All options as a list, from which a reference can be generated.
{ lib }:
let
  inherit (builtins) concatMap isAttrs;

  rendered =
    value:
    if value._type or null == "literalExpression" || value._type or null == "literalMD" then
      value
    else
      {
        _type = "literalExpression";
        text = lib.generators.toPretty value;
      };

  optionAttrSetToDocList =
    options:
    concatMap (
      option:
      let
        own = {
          inherit (option) loc declarations;
          name = lib.showOption option.loc;
          description = option.description or null;
          internal = option.internal or false;
          visible = option.visible or true;
          readOnly = option.readOnly or false;
          type = option.type.description;
        }
        // lib.optionalAttrs (option ? example) { example = rendered option.example; }
        // lib.optionalAttrs (option ? defaultText || option ? default) {
          default = rendered (option.defaultText or option.default);
        };
      in
      [ own ] ++ optionAttrSetToDocList (option.type.getSubOptions option.loc)
    ) (collectOptions options);

  collectOptions =
    tree:
    if lib.isOption tree then
      [ tree ]
    else if isAttrs tree then
      concatMap collectOptions (builtins.attrValues (removeAttrs tree [ "_module" ]))
    else
      [ ];
in
{
  inherit optionAttrSetToDocList;
}
