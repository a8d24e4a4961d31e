import type { Problem } from '@maru/protocol'

/** Everything the terminal client says, in the languages it speaks. */
export interface Words {
  usage: string
  noAddress: string
  badAddress: (address: string) => string
  unknownOption: (option: string) => string
  missingValue: (option: string) => string
  tooMany: (value: string) => string
  askName: (proposed: string) => string
  connecting: (address: string) => string
  nobodyAnswers: (address: string, reason: string) => string
  notMaru: (address: string) => string
  untrusted: string
  unencrypted: string
  welcome: (name: string, room: string) => string
  here: (names: string) => string
  formerMember: string
  joined: (name: string) => string
  left: (name: string) => string
  renamed: (before: string, name: string) => string
  lost: (seconds: number) => string
  back: string
  waiting: string
  notSent: (text: string, reason: string) => string
  older: string
  noOlder: string
  now: string
  skipped: string
  unknownCommand: (command: string) => string
  nameMissing: string
  replyMissing: string
  nothingToAnswer: string
  editMissing: string
  nothingToEdit: string
  deleteMissing: string
  pollMissing: string
  voteMissing: string
  nothingToVote: string
  pollClosed: string
  pinMissing: (command: string) => string
  noPins: string
  actionMissing: string
  messageMissing: string
  /** Told who could be called; empty where one is alone. */
  nobodyCalled: (names: string) => string
  topicSet: (name: string, topic: string) => string
  retentionSet: (name: string) => string
  ownerMade: (name: string, target: string) => string
  pinned: (name: string, seq: number, on: boolean) => string
  searchMissing: string
  nothingFound: string
  found: (count: number, hasMore: boolean) => string
  pathMissing: string
  noSuchFile: (path: string) => string
  sending: (path: string) => string
  saved: (name: string, path: string) => string
  isThere: (path: string) => string
  noFiles: string
  nothingToSave: string
  deleted: string
  edited: string
  privately: (name: string) => string
  file: (name: string, kilobytes: number) => string
  storageBroken: string
  storageWorks: string
  kept: (count: number) => string
  restored: (count: number) => string
  outboxBroken: (reason: string) => string
  goodbye: string
  help: string
  problem: (problem: { code: string; message: string }) => string
}

const english: Words = {
  usage: `Usage: npm run join -- ADDRESS [--room ROOM] [--name NAME]

  ADDRESS   host, host:port, or the address of a room such as https://192.168.0.7:7880/r/hall
  --room    the room to enter (default: the one in the address, else "hall")
  --name    your nickname
  --help    this text`,
  noAddress: 'Say which Maru to join: an address is missing.',
  badAddress: (address) => `"${address}" is not an address. Give host, host:port or https://host:port/r/ROOM.`,
  unknownOption: (option) => `There is no option ${option}.`,
  missingValue: (option) => `The option ${option} needs a value.`,
  tooMany: (value) => `Only one address can be joined; "${value}" is one too many.`,
  askName: (proposed) => `Your nickname [${proposed}]: `,
  connecting: (address) => `Connecting to ${address} ...`,
  nobodyAnswers: (address, reason) =>
    `Nobody answers at ${address} (${reason}). Is Maru running there, and is the address right?`,
  notMaru: (address) => `Something answers at ${address}, but it is not Maru.`,
  untrusted:
    "Note: this server's certificate is not one this computer trusts, as is usual on a local network. What you write is encrypted, but nobody vouches for whose server it is.",
  unencrypted: 'Note: this connection is not encrypted.',
  welcome: (name, room) => `Welcome, ${name}! This is the room "${room}". /help shows what can be typed, /quit leaves.`,
  here: (names) => `Here: ${names}`,
  formerMember: 'Former member',
  joined: (name) => `${name} has joined`,
  left: (name) => `${name} has left`,
  renamed: (before, name) => `${before} is now ${name}`,
  lost: (seconds) => `The server is gone. Trying again in ${seconds} s; what you write meanwhile is sent later.`,
  back: 'The server is back.',
  waiting: 'waits for the server',
  notSent: (text, reason) => `Not sent: "${text}". ${reason}`,
  older: 'older',
  noOlder: 'This is the beginning of the room.',
  now: 'now',
  skipped: 'some messages are not shown; /older brings them',
  unknownCommand: (command) => `There is no command ${command}. /help shows what there is.`,
  nameMissing: 'Type the new nickname behind /name.',
  replyMissing: 'Type the answer behind /reply, or the number of a message and the answer: /reply #12 yes.',
  nothingToAnswer:
    'There is no message of somebody else here to answer. Type without /reply, or give the number of an older message: /reply #12 yes. /older shows more.',
  editMissing: 'Type the new text behind /edit, or the number of your message and the text: /edit #12 better.',
  nothingToEdit:
    'There is no message of yours here to edit. Give the number of an older one: /edit #12 better. /older shows more.',
  deleteMissing: 'Give the number of your message behind /delete: /delete #12.',
  pollMissing: 'Type a question and at least two options behind /poll: /poll Where? | Here | There.',
  voteMissing:
    'Give the number of your option behind /vote, or the number of a poll and the option: /vote #12 2. Without an option it shows how the poll stands.',
  nothingToVote: 'There is no poll here. Give the number of one: /vote #12 2. /older shows more.',
  pollClosed: '(closed)',
  pinMissing: (command) => `Give the number of a message behind ${command}: ${command} #12.`,
  noPins: 'Nothing is pinned.',
  actionMissing: 'Type what you do behind /me: /me waves.',
  messageMissing: 'Type a name and what only they shall read behind /msg: /msg Ana hello.',
  nobodyCalled: (names) =>
    names === ''
      ? 'You are the only member of this room: there is nobody to write to alone.'
      : `Nobody in this room has that name. You can write to: ${names}`,
  topicSet: (name, topic) => (topic ? `${name} set the topic: ${topic}` : `${name} took the topic away`),
  retentionSet: (name) => `${name} changed how long messages are kept`,
  ownerMade: (name, target) => `${name} made ${target} an owner too`,
  pinned: (name, seq, on) => (on ? `${name} pinned #${seq}` : `${name} took the pin off #${seq}`),
  searchMissing: 'Type what to look for behind /search.',
  nothingFound: 'Nothing was found.',
  found: (count, hasMore) => `${count} found${hasMore ? ', and there are more' : ''}.`,
  pathMissing: 'Type the path of a file behind /send; one with spaces in quotes.',
  noSuchFile: (path) => `The file ${path} cannot be read. Is the path right?`,
  sending: (path) => `Sending ${path} ...`,
  saved: (name, path) => `${name} is saved as ${path}`,
  isThere: (path) => `${path} is there already. Name another one: /save #12 PATH`,
  noFiles: 'That message has no files. /save #12 saves those of message 12.',
  nothingToSave: 'No message here has files. /save #12 saves those of message 12.',
  deleted: '(deleted)',
  edited: '(edited)',
  privately: (name) => `(only for ${name})`,
  file: (name, kilobytes) => `[${name}, ${kilobytes} KB]`,
  storageBroken: 'The server cannot store anything now: its disk may be full. What you write waits here.',
  storageWorks: 'The server can store again.',
  kept: (count) => `${count} not sent yet: kept here, and sent when you come again.`,
  restored: (count) => `${count} from last time, not sent then, on the way now.`,
  outboxBroken: (reason) => `What waits cannot be kept on this computer (${reason}): stay until it is sent.`,
  goodbye: 'You have left the room.',
  help: `/who          who is here
/name NAME    another nickname
/older        older messages
/reply #12 TEXT   answers message 12 (without a number: the last one)
/edit #12 TEXT    another text for your message 12 (without a number: your last one)
/delete #12       deletes your message 12
/poll QUESTION | A | B   asks everybody
/vote #12 2       votes for option 2 of poll 12 (without a number: the last one), alone shows how it stands
/pin #12          pins message 12, /unpin #12 takes the pin off (owners)
/pins             shows what is pinned
/me TEXT          tells what you do
/msg NAME TEXT    writes to one person alone
/search WORDS     finds messages; "phrases", from:name, has:file, before:2026-07-14
/send PATH TEXT   sends a file, with a text if you like
/save #12 PATH    saves the files of message 12 (without a path: here)
/quit         leave (also {quit} or Ctrl-C)
//text        a message that begins with /`,
  problem: ({ message }) => message,
}

const koreanProblems: Partial<Record<Problem['code'] | 'replaced', string>> = {
  bad_frame: '서버가 알아듣지 못했습니다. 프로그램을 새 판으로 바꿔 보세요.',
  unsupported_version: '서버와 프로그램의 판이 다릅니다. 프로그램을 새 판으로 바꿔 보세요.',
  room_empty: '방 이름을 적어 주세요.',
  query_bad:
    '찾을 수 없는 말입니다. 이 방에 있는 사람의 이름은 from:이름, 파일은 has:file, 날짜는 before:2026-07-14처럼 적어 주세요.',
  room_too_long: '방 이름은 64자까지입니다.',
  room_bad_characters: '방 이름에는 글자, 숫자, "-", "_", "."만 쓸 수 있습니다.',
  name_empty: '별명을 적어 주세요.',
  name_too_long: '별명은 40자까지입니다.',
  text_empty: '보낼 말을 적어 주세요.',
  text_too_long: '한 번에 4000자까지 보낼 수 있습니다.',
  too_fast: '너무 빠릅니다. 잠시 뒤에 다시 해 보세요.',
  room_full: '방이 가득 찼습니다.',
  topic_too_long: '주제가 너무 깁니다.',
  message_gone: '그 번호의 말이 없거나 지워졌습니다.',
  not_yours: '자기가 쓴 말만 바꿀 수 있습니다.',
  poll_fixed: '투표는 고칠 수 없습니다.',
  owner_only: '방 주인만 할 수 있습니다.',
  poll_bad:
    '투표의 보기가 맞지 않습니다. 서로 다른 보기가 두 개에서 스무 개까지 있어야 하고, 그 가운데에서 골라야 합니다. 하나만 고를 수 있는 투표도 있습니다.',
  not_a_poll: '그 글은 투표가 아닙니다.',
  poll_closed: '마감된 투표입니다.',
  too_many_pins: '더 고정할 수 없습니다.',
  member_unknown: '그 사람은 이 방에 없습니다.',
  file_bad: '보낼 수 없는 파일입니다. 이름이 없거나 비어 있습니다.',
  file_too_large: '파일이 이 서버가 받는 크기보다 큽니다.',
  files_full: '서버에 파일을 둘 자리가 없습니다.',
  file_gone: '그 파일은 없거나 지워졌습니다.',
  session_ended: '다른 기기에서 이 접속을 끝냈습니다. 다시 들어오면 새 사람이 됩니다.',
  right_missing: '이 프로그램에는 그럴 권한이 없습니다.',
  storage_unavailable: '서버가 디스크에 쓰지 못해 저장하지 못했습니다.',
  disconnected: '답이 오기 전에 연결이 끊어졌습니다.',
  internal: '서버에서 예상하지 못한 일이 생겼습니다.',
  replaced: '다른 창이나 기기에서 이 방을 열었습니다.',
}

const korean: Words = {
  usage: `사용법: npm run join -- 주소 [--room 방] [--name 별명]

  주소      host, host:port 또는 https://192.168.0.7:7880/r/hall 같은 방 주소
  --room    들어갈 방 (없으면 주소에 적힌 방, 그것도 없으면 "hall")
  --name    별명
  --help    이 도움말`,
  noAddress: '들어갈 Maru의 주소를 적어 주세요.',
  badAddress: (address) =>
    `"${address}"에서 주소를 알아볼 수 없습니다. host, host:port, https://host:port/r/방 가운데 하나로 적어 주세요.`,
  unknownOption: (option) => `${option} 옵션은 없습니다.`,
  missingValue: (option) => `${option} 옵션에는 값이 필요합니다.`,
  tooMany: (value) => `주소는 하나만 쓸 수 있습니다. "${value}" 부분을 빼 주세요.`,
  askName: (proposed) => `별명 [${proposed}]: `,
  connecting: (address) => `${address}에 연결하는 중 ...`,
  nobodyAnswers: (address, reason) =>
    `${address}에서 답이 없습니다 (${reason}). Maru가 켜져 있는지, 주소가 맞는지 살펴 주세요.`,
  notMaru: (address) => `${address}에서 답이 왔지만 Maru가 아닙니다.`,
  untrusted:
    '알림: 이 컴퓨터가 신뢰하는 인증서가 아닙니다. 내부망에서는 흔한 일입니다. 대화는 암호화되지만 서버가 누구의 것인지는 보증되지 않습니다.',
  unencrypted: '알림: 암호화되지 않은 연결입니다.',
  welcome: (name, room) => `${name}님, 어서 오세요! "${room}" 방입니다. 도움말은 /help, 나가기는 /quit 입니다.`,
  here: (names) => `지금 있는 사람: ${names}`,
  formerMember: '나간 사람',
  joined: (name) => `${name}님이 들어왔습니다`,
  left: (name) => `${name}님이 나갔습니다`,
  renamed: (before, name) => `${before}님의 별명이 이제 ${name}입니다`,
  lost: (seconds) => `서버와 연결이 끊어졌습니다. ${seconds}초 뒤에 다시 연결합니다. 그동안 쓴 말은 나중에 보냅니다.`,
  back: '서버와 다시 연결되었습니다.',
  waiting: '서버를 기다리는 중',
  notSent: (text, reason) => `보내지 못했습니다: "${text}". ${reason}`,
  older: '지난 대화',
  noOlder: '여기가 이 방의 처음입니다.',
  now: '지금',
  skipped: '보이지 않은 대화가 있습니다. /older 로 볼 수 있습니다',
  unknownCommand: (command) => `${command} 명령은 없습니다. /help 를 보세요.`,
  nameMissing: '/name 뒤에 새 별명을 적어 주세요.',
  replyMissing: '/reply 뒤에 답을 적어 주세요. 번호를 붙일 수도 있습니다: /reply #12 좋아요',
  nothingToAnswer:
    '여기에는 답할 다른 사람의 말이 없습니다. /reply 없이 쓰거나, 더 오래된 말의 번호를 붙여 주세요: /reply #12 좋아요. /older 로 더 볼 수 있습니다.',
  editMissing: '/edit 뒤에 새 글을 적어 주세요. 번호를 붙일 수도 있습니다: /edit #12 고친 글',
  nothingToEdit:
    '여기에는 고칠 내 글이 없습니다. 더 오래된 글은 번호를 붙여 주세요: /edit #12 고친 글. /older 로 더 볼 수 있습니다.',
  deleteMissing: '/delete 뒤에 내가 쓴 글의 번호를 적어 주세요: /delete #12',
  pollMissing: '/poll 뒤에 질문과 보기를 두 개 이상 적어 주세요: /poll 어디서? | 여기 | 저기',
  voteMissing:
    '/vote 뒤에 보기의 번호를 적어 주세요. 투표의 번호를 붙일 수도 있습니다: /vote #12 2. 보기를 적지 않으면 지금까지의 결과를 보여 줍니다.',
  nothingToVote: '여기에는 투표가 없습니다. 번호를 붙여 주세요: /vote #12 2. /older 로 더 볼 수 있습니다.',
  pollClosed: '(마감됨)',
  pinMissing: (command) => `${command} 뒤에 글의 번호를 적어 주세요: ${command} #12`,
  noPins: '고정한 말이 없습니다.',
  actionMissing: '/me 뒤에 하는 일을 적어 주세요: /me 손을 흔듭니다',
  messageMissing: '/msg 뒤에 별명과 그 사람에게만 할 말을 적어 주세요: /msg 지민 안녕',
  nobodyCalled: (names) =>
    names === ''
      ? '이 방에는 나 말고 아무도 없어서 따로 쓸 사람이 없습니다.'
      : `그런 별명을 가진 사람이 이 방에 없습니다. /msg 로 쓸 수 있는 사람: ${names}`,
  topicSet: (name, topic) => (topic ? `${name}님이 주제를 정했습니다: ${topic}` : `${name}님이 주제를 지웠습니다`),
  retentionSet: (name) => `${name}님이 말을 보관하는 기간을 바꿨습니다`,
  ownerMade: (name, target) => `${name}님이 ${target}님에게도 방을 맡겼습니다`,
  pinned: (name, seq, on) => `${name}님이 #${seq} ${on ? '말을 고정했습니다' : '말의 고정을 풀었습니다'}`,
  searchMissing: '/search 뒤에 찾을 말을 적어 주세요.',
  nothingFound: '찾지 못했습니다.',
  found: (count, hasMore) => `${count}개를 찾았습니다${hasMore ? '. 더 있습니다' : ''}.`,
  pathMissing: '/send 뒤에 파일 경로를 적어 주세요. 빈칸이 있으면 따옴표로 묶어 주세요.',
  noSuchFile: (path) => `${path} 파일을 읽을 수 없습니다. 경로를 살펴 주세요.`,
  sending: (path) => `${path} 보내는 중 ...`,
  saved: (name, path) => `${name}: ${path}에 저장했습니다`,
  isThere: (path) => `${path}에 이미 파일이 있습니다. 다른 곳을 적어 주세요: /save #12 경로`,
  noFiles: '그 말에는 파일이 없습니다. /save #12 는 12번의 파일을 저장합니다.',
  nothingToSave: '여기에는 파일이 있는 말이 없습니다. /save #12 는 12번의 파일을 저장합니다.',
  deleted: '(지움)',
  edited: '(고침)',
  privately: (name) => `(${name}님에게만)`,
  file: (name, kilobytes) => `[${name}, ${kilobytes} KB]`,
  storageBroken: '지금은 서버에 저장할 수 없습니다. 디스크가 가득 찼을 수 있습니다. 쓴 글은 여기서 기다립니다.',
  storageWorks: '서버에 다시 저장할 수 있습니다.',
  kept: (count) => `아직 보내지 못한 글 ${count}개를 여기 두었다가 다음에 들어올 때 보냅니다.`,
  restored: (count) => `지난번에 보내지 못한 글 ${count}개를 이제 보냅니다.`,
  outboxBroken: (reason) => `기다리는 글을 이 컴퓨터에 둘 수 없습니다(${reason}). 보낼 때까지 나가지 마세요.`,
  goodbye: '방에서 나왔습니다.',
  help: `/who          지금 있는 사람
/name 별명    별명 바꾸기
/older        지난 대화 더 보기
/reply #12 글    12번에 답하기 (번호가 없으면 마지막 말에)
/edit #12 글     내가 쓴 12번 고치기 (번호가 없으면 내 마지막 말을)
/delete #12      내가 쓴 12번 지우기
/poll 질문 | 가 | 나   모두에게 묻기
/vote #12 2      12번 투표에서 보기 2 고르기 (번호가 없으면 마지막 투표, 보기가 없으면 결과 보기)
/pin #12         12번 고정하기, /unpin #12 는 고정 풀기 (방 주인)
/pins            고정한 말 보기
/me 글           하는 일 말하기
/msg 별명 글     한 사람에게만 쓰기
/search 말       찾기. "구절", from:별명, has:file, before:2026-07-14
/send 경로 글    파일 보내기, 글을 붙일 수 있습니다
/save #12 경로   12번의 파일 저장 (경로가 없으면 여기에)
/quit         나가기 ({quit}, Ctrl-C도 됩니다)
//말          /로 시작하는 말 보내기`,
  problem: ({ code, message }) => koreanProblems[code as keyof typeof koreanProblems] ?? message,
}

/** The language of a POSIX locale such as `ko_KR.UTF-8`. */
export function wordsFor(locale: string | undefined): Words {
  return /^ko([_.-]|$)/i.test(locale ?? '') ? korean : english
}
