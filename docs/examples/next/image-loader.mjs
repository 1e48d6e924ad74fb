// A loader for next/image: in next.config, `images: { loader: 'custom', loaderFile: './image-loader.mjs', deviceSizes: WIDTHS }`.
// `src` is the image's id. NEXT_PUBLIC_IMAGE_SERVICE_URL is the stack's output CdnUrl.

// The widths of the rendition plan; with others, Next.js writes srcset entries that give the same file twice.
export const WIDTHS = [320, 640, 1280, 1920]

export default function imageLoader({ src, width }) {
  const path = src.split('/').map(encodeURIComponent).join('/')
  return `${process.env.NEXT_PUBLIC_IMAGE_SERVICE_URL}/images/${path}?w=${width}`
}
