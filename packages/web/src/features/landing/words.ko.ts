import type { LandingWords } from './words.en.ts'

export const landing: LandingWords = {
  eyebrow: (host) => `마루 서버 · ${host}`,
  title: ['모두가 모이는', '넓은 마루'],
  lede: '글, 목소리, 얼굴. 계정도 설치도 없이, 당신의 컴퓨터 위에서.',
  name: '이름',
  namePlaceholder: '다른 사람에게 보이는 이름',
  room: '방 이름',
  roomPlaceholder: '예: 가족 모임',
  open: '방 열기',
  same: '같은 이름을 넣으면 같은 방에서 만나요.',
  roomProblems: {
    room_empty: '방 이름을 적어 주세요.',
    room_too_long: '방 이름은 64자까지예요.',
    room_bad_characters: '방 이름에는 글자와 숫자, "-", "_", "."만 쓸 수 있어요.',
  },
  nameProblems: {
    name_too_long: '이름은 40자까지예요.',
    name_empty: '눈에 보이는 글자가 하나는 있어야 해요.',
  },
  recent: '최근 방',
  yesterday: '어제',
  quiet: '아직 오간 말이 없어요',
  said: (name, text) => `${name}: ${text}`,
  forget: (room) => `${room} 목록에서 지우기`,
  facts: [
    { title: '대화는 남아요', text: '늦게 온 사람도 앞의 이야기를 읽을 수 있어요.' },
    { title: '목소리와 얼굴', text: '브라우저에서 바로, 컴퓨터와 휴대폰 모두.' },
    { title: '우리 집 안에서', text: '컴퓨터 한 대의 프로그램 하나. 밖으로 나가는 것이 없어요.' },
  ],
  phone: '휴대폰으로 열기',
  phoneText: '같은 와이파이에서 카메라로 찍으세요.',
  phoneCode: '이 화면의 주소가 든 코드',
  factsTitle: '마루는',
}
