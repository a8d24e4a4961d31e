import type { ProblemsWords } from './words.en.ts'

const screens: ProblemsWords['screens'] = {
  replaced: {
    title: '이 방이 다른 곳에서 열렸어요',
    text: '다른 창이나 다른 기기에서 이 방을 열었어요. 방은 한 번에 한 곳과만 이야기합니다.',
  },
  server_gone: {
    title: '서버가 대답하지 않아요',
    text: '네트워크를 확인해 주세요. 서버를 직접 돌리고 있다면 켜져 있는지 봐 주세요. 이 화면은 계속 다시 시도합니다.',
  },
  room_name: {
    title: '이런 방은 없어요',
    text: '방 이름에는 글자와 숫자, "-", "_", "."만 쓸 수 있고 64자까지예요. 첫 화면에서 다른 이름을 골라 주세요.',
  },
  name: {
    title: '이 이름은 쓸 수 없어요',
    text: '이름은 눈에 보이는 글자가 하나는 있어야 하고 40자까지예요.',
  },
  room_full: {
    title: '방이 가득 찼어요',
    text: '누군가 나가면 다시 들어와 주세요.',
  },
  unsupported_version: {
    title: '서버가 새로워졌어요',
    text: '이 화면이 서버보다 오래됐어요. 다시 불러와 주세요. 보낸 메시지는 그대로 있습니다.',
  },
  foreign_origin: {
    title: '서버의 주소가 아니에요',
    text: '서버는 스스로 내보낸 화면과만 이야기합니다. 서버가 시작할 때 알려 준 주소를 열어 주세요.',
  },
  storage_unavailable: {
    title: '서버가 저장하지 못해요',
    text: '디스크가 가득 찼거나 쓸 수 없어서 아무것도 남기지 못했어요. 서버를 돌리는 사람에게 알려 주세요.',
  },
  transfer_bad: {
    title: '이제 쓸 수 없는 코드예요',
    text: '코드는 5분 동안 한 번만 쓸 수 있어요. 다른 기기에서 새 코드를 보여 주거나, 코드 없이 들어가세요.',
  },
  session_ended: {
    title: '여기서는 나왔어요',
    text: '다른 기기에서 이 접속을 끝냈어요. 새로운 사람으로 들어오거나, 그 기기에서 다시 가져올 수 있어요.',
  },
  page_broken: {
    title: '화면이 넘어졌어요',
    text: '무언가 잘못됐거나 화면의 일부를 가져오지 못했어요. 다시 불러와 주세요. 보낸 것은 그대로 있습니다.',
  },
  other: {
    title: '잘되지 않았어요',
    text: '서버에 뜻밖의 일이 생겼어요. 다시 해 보고, 그래도 안 되면 서버를 돌리는 사람에게 알려 주세요.',
  },
}

const short: ProblemsWords['short'] = {
  text_too_long: '글이 너무 길어요.',
  text_empty: '보이는 글자가 없어요.',
  too_fast: '너무 빨라요. 잠시 기다려 주세요.',
  storage_unavailable: '서버가 디스크에 쓰지 못해요.',
  disconnected: '연결이 끊어졌어요.',
  internal: '서버에 뜻밖의 일이 생겼어요.',
  message_gone: '그 메시지가 없어졌어요.',
  not_yours: '쓴 사람만 할 수 있어요.',
  owner_only: '방 주인만 할 수 있어요.',
  member_unknown: '그 사람은 이제 이 방에 없어요.',
  topic_too_long: '주제가 너무 길어요.',
  poll_closed: '마감된 투표예요.',
  too_many_reactions: '반응을 더 넣을 수 없어요.',
  too_many_pins: '더 고정할 수 없어요.',
  file_gone: '파일이 없어졌어요.',
}

export const problems: ProblemsWords = {
  screens,
  short,
  retry: '다시 시도',
  reload: '다시 불러오기',
  continueHere: '여기서 계속하기',
  asNew: '새로운 사람으로 들어가기',
  otherName: '이 이름으로 하기',
  name: '이름',
  home: '첫 화면으로',
  connection: '연결',
  waiting: (seconds) => `연결이 끊어졌어요. ${seconds}초 뒤에 다시 시도해요`,
  waitingNow: '연결이 끊어졌어요. 다시 시도하고 있어요…',
  lost: '연결이 끊어졌어요. 저절로 돌아오고, 그동안 쓴 글은 그때 보내집니다.',
  back: '다시 연결됐어요.',
  tryNow: '지금 시도',
  insecure: '보안 연결 아님',
  insecureText:
    '암호화되지 않은 주소라 브라우저가 마이크와 카메라를 열어 주지 않아요. 읽고 쓰고 보고 듣는 것은 됩니다.',
  insecureGo: '보안 주소로 열기',
  insecureWarning: '서버가 직접 만든 인증서라서 브라우저가 한 번 경고해요.',
  details: '서버가 한 말',
}
