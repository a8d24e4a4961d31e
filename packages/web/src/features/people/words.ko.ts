import type { PeopleWords } from './words.en.ts'

export const people: PeopleWords = {
  title: '사람',
  close: '사람 목록 닫기',
  count: (count) => `${count}명 있음`,
  inCall: '통화 중',
  here: '방에 있음',
  you: '나',
  rename: '이름 바꾸기',
  invite: '초대하기',
  inviteTitle: '이 방에 초대하기',
  inviteText: '이 주소를 열면 누구나 이 방에 들어와요. 같은 와이파이의 휴대폰은 코드를 찍으면 됩니다.',
  inviteAlone: '아직 혼자예요. 함께할 사람에게 링크를 보내 주세요.',
  inviteHere: '이 주소는 이 컴퓨터에서만 열려요. 다른 사람을 위한 주소는 마루를 시작한 터미널에 있습니다.',
  qr: '이 방의 주소가 든 코드',
  link: '주소',
}
