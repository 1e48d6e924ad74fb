// Evaluates JSONata expressions with the reference implementation in the version that Step Functions follows.
// Reads [[expression, bindings], …] as JSON from standard input; writes an outcome for each: [value], [] if undefined, or
// null if it failed.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const jsonata = createRequire(process.argv[2])('jsonata-reference');
const outcomes = [];
for (const [expression, bindings] of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const parsed = jsonata(expression);
    parsed.registerFunction('parse', JSON.parse);  // what Step Functions adds, as far as it is used here
    const value = await parsed.evaluate(null, bindings);
    outcomes.push(value === undefined ? [] : [value]);
  } catch {
    outcomes.push(null);
  }
}
process.stdout.write(JSON.stringify(outcomes));
