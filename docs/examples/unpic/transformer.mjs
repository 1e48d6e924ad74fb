// For unpic's <Image> in Astro, React, Svelte, Vue …, from its entry /base:
//   <Image src={imageUrl('https://images.example.com', 'shoes/red.jpg')} transformer={transformer} breakpoints={WIDTHS} layout="constrained" … />

export const WIDTHS = [320, 640, 1280, 1920] // the widths of the rendition plan

export function imageUrl(service, id) {
  return `${service}/images/${id.split('/').map(encodeURIComponent).join('/')}`
}

export function transformer(src, { width, format }) {
  const url = new URL(src)
  if (width) url.searchParams.set('w', Math.round(width))
  if (format) url.searchParams.set('format', format)
  return url.href
}
