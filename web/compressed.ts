// Puts a compressed copy beside each script and style: the server sends it as it is to whoever takes gzip.

import type { Plugin } from "vite";

const WORTH_IT = /\.(js|css|html|svg|json)$/;
const SMALLEST_BYTES = 1024;

async function packed(content: Blob): Promise<Uint8Array> {
  const stream = content.stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      // After the bundler's own plugins: until then scripts hold places that it has not filled in.
      order: "post",
      async handler(_, bundle) {
        for (const [name, part] of Object.entries(bundle)) {
          const content = new Blob([part.type === "chunk" ? part.code : (part.source as BlobPart)]);
          if (WORTH_IT.test(name) && content.size >= SMALLEST_BYTES)
            this.emitFile({ type: "asset", fileName: `${name}.gz`, source: await packed(content) });
        }
      },
    },
  };
}
