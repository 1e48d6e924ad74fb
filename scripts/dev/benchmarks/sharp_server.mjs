// An image server in Node.js with sharp: node sharp_server.mjs FOLDER-OF-NODE-MODULES PORT. See ../servers.py.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const sharp = createRequire(process.argv[2] + "/")("sharp");
sharp.concurrency(1);

createServer(async (request, response) => {
  const query = new URL(request.url, "http://localhost").searchParams;
  const image = sharp(query.get("source")).rotate().resize(Number(query.get("width")), null, { withoutEnlargement: true });
  const data = await image.toFormat(query.get("format"), { quality: Number(query.get("quality")) }).toBuffer();
  response.writeHead(200, { "Content-Type": `image/${query.get("format")}`, "Content-Length": data.length });
  response.end(data);
}).listen(Number(process.argv[3]), "127.0.0.1");
