import { type Draft, openRoom, type RoomClient } from '@maru/client'
import { uploadFile } from '@maru/client/upload'
import type { FileInfo, Message } from '@maru/protocol'
import type { Page } from 'playwright-core'
import { until } from './until.ts'

/** A conversation with everything in it that a chat shows, in the language of the reader. */
export interface Script {
  people: [string, string]
  reader: string
  plain: string
  called: string
  question: string
  answer: string
  again: string
  list: string
  code: string
  poll: { text: string; options: string[] }
  picture: { name: string; text: string }
  privately: string
  action: string
  topic: string
  last: string
  /** What a shared screen shows, its title first. */
  sheet: string[]
}

export const scripts: Record<'en' | 'ko', Script> = {
  en: {
    people: ['Ben', 'Cho'],
    reader: 'Ana',
    plain: 'Good morning! The hall is open from nine.',
    called: '@Ana could you bring the long table? It does not fit into my car 🚗',
    question: 'Who cooks on Saturday?',
    answer: 'I do. Soup and rice cakes.',
    again: 'Then I bring fruit 🍎',
    list: '**For Saturday**\n\n1. bread from the *old* bakery\n2. two kettles\n3. `hall-lights` before dark\n\n> Whoever comes first, opens the windows.',
    code: '```ts\n// How many cups are missing?\nconst missing = guests.length - cups\nexport const enough = missing <= 0\n```',
    poll: { text: 'When do we begin?', options: ['At five', 'At six', 'When everybody is there'] },
    picture: { name: 'floor.png', text: 'The new floor is in: https://example.org/floor' },
    privately: 'I have a present for Cho. Keep it to yourself.',
    action: 'puts the kettle on',
    topic: 'Saturday in the hall',
    last: 'See you all on Saturday 🎉',
    sheet: [
      'Saturday in the hall',
      '17:00  Open the windows',
      '18:00  Soup and rice cakes',
      '19:30  Music',
      '22:00  Lights out',
    ],
  },
  ko: {
    people: ['지민', '서연'],
    reader: '봄이',
    plain: '좋은 아침이에요! 마루는 아홉 시부터 열려 있어요.',
    called: '@봄이 긴 상을 가져와 줄 수 있어요? 제 차에는 안 들어가요 🚗',
    question: '토요일에는 누가 음식을 하나요?',
    answer: '제가 할게요. 국이랑 떡으로요.',
    again: '그럼 저는 과일을 가져갈게요 🍎',
    list: '**토요일 준비**\n\n1. *오래된* 빵집의 빵\n2. 주전자 두 개\n3. 어두워지기 전에 `마루-불`\n\n> 먼저 오신 분이 창문을 열어 주세요.',
    code: '```ts\n// 잔이 몇 개 모자라지?\nconst missing = guests.length - cups\nexport const enough = missing <= 0\n```',
    poll: { text: '몇 시에 시작할까요?', options: ['다섯 시', '여섯 시', '다 모이면'] },
    picture: { name: '마루.png', text: '새 마루를 깔았어요: https://example.org/floor' },
    privately: '서연 님 선물을 준비했어요. 비밀이에요.',
    action: '님이 물을 올립니다',
    topic: '토요일, 마루에서',
    last: '토요일에 만나요 🎉',
    sheet: ['토요일, 마루에서', '17:00  창문 열기', '18:00  국과 떡', '19:30  음악', '22:00  불 끄기'],
  },
}

interface Drawn {
  picture: Blob
  size: { width: number; height: number }
}

/** Draws the boards of a floor in a page, because nothing here can make a picture. */
export async function drawPicture(page: Page): Promise<Drawn> {
  const base64 = await page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 480
    canvas.height = 320
    const context = canvas.getContext('2d')
    for (let row = 0; row < 8; row += 1)
      for (let board = 0; board < 4; board += 1) {
        if (!context) continue
        context.fillStyle = `hsl(${26 + ((row * 7 + board * 5) % 8)} ${44 + ((row + board * 3) % 5) * 3}% ${38 + ((row * 5 + board * 3) % 7) * 3}%)`
        context.fillRect(board * 160 - (row % 2) * 80, row * 40, 158, 38)
      }
    return canvas.toDataURL('image/png').split(',')[1] ?? ''
  })
  return {
    picture: new Blob([Buffer.from(base64, 'base64')], { type: 'image/png' }),
    size: { width: 480, height: 320 },
  }
}

/** Two people say all of it to a reader who was there before, who is the owner. */
export async function tellAll(
  server: string,
  room: string,
  script: Script,
  { picture, size }: Drawn,
): Promise<{ close(): void }> {
  const [first, second] = await Promise.all(script.people.map((name) => enter(server, room, name)))
  if (!first || !second) throw new Error('nobody came')
  const say = async ({ client }: Guest, draft: Draft) => {
    client.send(draft)
    await until(
      'the message being sent',
      async () => client.state().pending.length,
      (count) => count === 0,
    )
    return (
      client
        .state()
        .entries.findLast(({ kind, member }) => kind === 'message' && member === client.state().me?.id) as Message
    ).seq
  }
  const reader = () => first.client.state().people.find(({ name }) => name === script.reader)
  await until(
    'the reader being there',
    async () => reader(),
    (member) => member !== undefined,
  )
  await say(first, { text: script.plain })
  await say(second, { text: script.called })
  const question = await say(first, { text: script.question })
  await say(second, { text: script.answer, replyTo: question })
  await say(first, { text: script.again, replyTo: question })
  await say(second, { text: script.list })
  await say(first, { text: script.code })
  const poll = await say(second, { text: script.poll.text, poll: { options: script.poll.options } })
  await first.client.ask<'vote'>({ type: 'vote', target: poll, options: [1] })
  await second.client.ask<'vote'>({ type: 'vote', target: poll, options: [2] })
  const file = await sendUp(server, room, first, { picture, name: script.picture.name, size })
  await say(first, { text: script.picture.text, files: [file] })
  const member = reader()
  if (member) await say(first, { text: script.privately, to: member })
  await say(second, { text: script.action, action: true })
  const last = await say(second, { text: script.last })
  await first.client.ask<'react'>({ type: 'react', target: last, emoji: '🎉', on: true })
  await second.client.ask<'react'>({ type: 'react', target: last, emoji: '👍', on: true })
  return {
    close() {
      first.client.close()
      second.client.close()
    },
  }
}

interface Guest {
  client: RoomClient
  token: () => string
}

async function enter(server: string, room: string, name: string): Promise<Guest> {
  let token = ''
  const client = openRoom({
    url: `${server.replace('http', 'ws')}/socket`,
    room,
    name,
    onToken: (given) => {
      token = given
    },
  })
  await until(
    `${name} being in`,
    async () => client.state().connection,
    (connection) => connection === 'open',
  )
  return { client, token: () => token }
}

function sendUp(
  server: string,
  room: string,
  { token }: Guest,
  { picture, name, size }: { picture: Blob; name: string; size: { width: number; height: number } },
): Promise<FileInfo> {
  return uploadFile({
    server,
    room,
    token: token(),
    announced: { name, type: 'image/png', ...size },
    content: picture,
  })
}
