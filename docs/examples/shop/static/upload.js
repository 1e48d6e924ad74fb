// Uploads a photo straight to the bucket, shows how far it is, and waits until it is served.

const form = document.querySelector('#upload')
const progress = document.querySelector('#progress')
const state = document.querySelector('#state')
const say = (text) => { state.textContent = text }

async function ask(url, body) {
  const answer = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  })
  const document = await answer.json()
  if (!answer.ok) throw new Error(document.detail ?? `The shop answered ${answer.status}.`)
  return document
}

// fetch() can't tell how much of a body is sent; XMLHttpRequest can. Resolves to the upload's version.
function post({ url, fields }, file) {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  data.append('file', file) // last: S3 ignores what comes after it
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.upload.onprogress = ({ loaded, total }) => { progress.value = loaded / total }
    request.onload = () => (request.status < 300
      ? resolve(request.getResponseHeader('x-amz-version-id'))
      : reject(new Error(request.status === 400 ? 'The file is larger than the shop accepts.' : `S3 answered ${request.status}.`)))
    request.onerror = () => reject(new Error('The upload was interrupted. Try again.'))
    request.open('POST', url)
    request.send(data)
  })
}

// Polls the state of this very upload until it is no longer being processed.
async function settled(url) {
  for (;;) {
    const answer = await fetch(url)
    const upload = await answer.json()
    if (answer.ok && upload.status !== 'PROCESSING') return upload
    if (!answer.ok && answer.status !== 503 && answer.status !== 429) throw new Error(upload.detail)
    await new Promise((resolve) => setTimeout(resolve, 1000 * (answer.headers.get('retry-after') ?? 1)))
  }
}

// The photo, to click the place in it that crops must show. Browsers that can't show it (HEIC) leave the field to be typed.
const preview = document.querySelector('#preview')
preview.addEventListener('load', () => { preview.hidden = false })
preview.addEventListener('click', ({ offsetX, offsetY }) => {
  const place = [offsetX / preview.clientWidth, offsetY / preview.clientHeight]
  form.elements.focus.value = place.map((part) => Math.min(Math.max(part, 0), 1).toFixed(3)).join(',')
})
form.elements.photo.addEventListener('change', ({ target }) => {
  preview.hidden = true
  URL.revokeObjectURL(preview.src)
  preview.src = URL.createObjectURL(target.files[0])
  form.elements.focus.value = '' // it was of the photo before
})

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const { product, name, photo, focus, ...text } = Object.fromEntries(new FormData(form))
  progress.hidden = false
  try {
    say('Uploading …')
    // Browsers don't know HEIC everywhere; the service goes by the file's content.
    const presigned = await ask('/admin/forms', { product, focus, text, type: photo.type || 'image/heic' })
    const version = await post(presigned, photo)
    say('Making all sizes …')
    const upload = await settled(`${presigned.upload}?version=${encodeURIComponent(version)}`)
    if (upload.status !== 'READY') throw new Error(upload.reason ?? `The upload is ${upload.status}.`)
    const { page } = await ask('/admin/products', { image_id: presigned.id, name })
    location.assign(page)
  } catch (error) {
    say(error.message)
  } finally {
    progress.hidden = true
    progress.value = 0
  }
})
