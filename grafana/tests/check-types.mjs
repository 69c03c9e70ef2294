// Checks each dashboard, and each panel's options, against the types in @grafana/schema, as if it were written in
// TypeScript. Prints the number of panels; exits with 1 on a type error.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = new URL(".", import.meta.url);
const dashboards = new URL("../dashboards/", here);
/** The published options of each type of panel, and its field options if it has any. */
const PANELS = {
  stat: { module: "stat/panelcfg/x/StatPanelCfg_types.gen" },
  geomap: { module: "geomap/panelcfg/x/GeomapPanelCfg_types.gen", fields: "Record<string, unknown>" },
  piechart: { module: "piechart/panelcfg/x/PieChartPanelCfg_types.gen", fields: true },
  table: { module: "table/panelcfg/x/TablePanelCfg_types.gen", fields: true },
  timeseries: { module: "timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen", fields: true },
};

let source = `import type { AnnotationQuery, Dashboard, DataQuery, FieldConfig, FieldConfigSource, Panel, RowPanel } from "@grafana/schema";
${Object.entries(PANELS)
  .map(([type, { module }]) => `import type * as ${type} from "@grafana/schema/dist/esm/raw/composable/${module}";`)
  .join("\n")}
// JSON has the values of enums instead of their names.
type Plain<T> = unknown extends T ? T
  : T extends string ? \`\${T}\`
  : T extends readonly (infer U)[] ? Plain<U>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;
type Annotation = Omit<AnnotationQuery, "target"> & { target?: DataQuery & Record<string, unknown> };
type Frame = Omit<Dashboard, "panels" | "annotations"> & { annotations: { list: Annotation[] } };
type Fields<Custom> =
  Omit<FieldConfigSource, "defaults"> & { defaults: Omit<FieldConfig, "custom"> & { custom?: Custom } };
type Whole<Type extends string, Options, Custom> =
  Omit<Panel, "type" | "options" | "fieldConfig"> & { type: Type; options: Options; fieldConfig: Fields<Custom> };
`;
let panels = 0;
for (const file of readdirSync(dashboards).sort()) {
  const { panels: contents, ...frame } = JSON.parse(readFileSync(new URL(file, dashboards), "utf8"));
  source += `// ${file}\nexport const d${panels}: Plain<Frame> = ${JSON.stringify(frame, null, 2)};\n`;
  // A collapsed row holds its panels.
  for (const panel of contents.flatMap((panel) => [panel, ...(panel.panels ?? [])])) {
    let type = "RowPanel";
    if (panel.type !== "row") {
      const known = PANELS[panel.type];
      if (!known) throw new Error(`${file}: panels of type ${panel.type} are not understood here`);
      const published = known.fields === true ? `${panel.type}.FieldConfig` : known.fields;
      const fields = published ?? "Record<string, never>";
      type = `Whole<"${panel.type}", ${panel.type}.Options, ${fields}>`;
      panels += 1;
    }
    source += `export const p${file.length}_${panel.id}: Plain<${type}> = ${JSON.stringify(panel, null, 2)};\n`;
  }
}

const name = fileURLToPath(new URL("dashboards.ts", here));
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
host.fileExists = (path) => path === name || fileExists(path);
host.getSourceFile = (path, version) =>
  path === name ? ts.createSourceFile(path, source, version, true) : getSourceFile(path, version);
const problems = ts.getPreEmitDiagnostics(ts.createProgram([name], options, host));
for (const problem of problems) {
  const line = problem.file === undefined ? -1 : problem.file.getLineAndCharacterOfPosition(problem.start).line;
  const where = problem.file?.fileName === name ? source.split("\n")[line].trim() : (problem.file?.fileName ?? "");
  console.error(`${where}\n    ${ts.flattenDiagnosticMessageText(problem.messageText, "\n    ")}`);
}
console.log(`${panels} panels`);
process.exitCode = problems.length === 0 ? 0 : 1;
