// sharp as a contender: reads one job per line on stdin, answers one line of JSON on stdout. See ../job.py for both.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const sharp = createRequire(process.argv[2] + "/")("sharp");
sharp.concurrency(1);
sharp.cache(false);

// The job's settings in sharp's words; without any, the encoders keep sharp's own.
function options(format, settings) {
  if (settings.quality === undefined || !["avif", "webp", "jpeg"].includes(format)) return {};
  if (format === "jpeg" && settings.mozjpeg) return { quality: settings.quality, mozjpeg: true };
  if (format === "jpeg") return { quality: settings.quality, progressive: true, optimiseCoding: true };
  if (format === "webp") return { quality: settings.quality, effort: settings.method };
  return { quality: settings.quality, effort: 9 - settings.speed, chromaSubsampling: settings.subsampling };
}

async function run(job) {
  const started = process.cpuUsage();
  const clock = process.hrtime.bigint();
  const written = [];
  for (const size of job.sizes) {
    const pipeline = sharp(job.source, { animated: job.moving })
      .rotate()
      .resize(size.width, size.height ?? null, { fit: size.height ? "cover" : "inside", withoutEnlargement: true });
    const formats = Object.entries(job.formats);
    // One decode for all formats of a size, as the others do: sharp would decode again for each clone.
    const once = formats.length > 1 && !job.moving;
    const raw = once ? await pipeline.raw().toBuffer({ resolveWithObject: true }) : null;
    for (const [format, settings] of formats) {
      const image = raw
        ? sharp(raw.data, { raw: { width: raw.info.width, height: raw.info.height, channels: raw.info.channels } })
        : pipeline.clone();
      const data = await image.toFormat(format, options(format, settings)).toBuffer();
      written.push({ size: size.name, format, data });
    }
  }
  const used = process.cpuUsage(started);
  const wall = Number(process.hrtime.bigint() - clock) / 1e6;
  if (job.out) {
    mkdirSync(job.out, { recursive: true });
    for (const { size, format, data } of written) writeFileSync(`${job.out}/${size}.${format}`, data);
  }
  return {
    cpu_ms: (used.user + used.system) / 1000,
    wall_ms: wall,
    peak_kb: Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1]),
    bytes: Object.fromEntries(written.map(({ size, format, data }) => [`${size}.${format}`, data.length])),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify(await run(JSON.parse(line))));
  } catch (error) {
    console.log(JSON.stringify({ unreadable: error.message }));
  }
}
