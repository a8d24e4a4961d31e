import type { PrejoinWords } from './words.en.ts'

export const prejoin: PrejoinWords = {
  alreadyHere: (names, more) => {
    const list = names.join(', ')
    return more > 0 ? `${list} 님 외 ${more}명이 이미 있어요` : `${list} 님이 이미 있어요`
  },
  nobodyHere: '아직 통화에 아무도 없어요.',
  whoCan: '링크를 받은 사람은 누구나 들어올 수 있어요.',
  name: '이름',
  namePlaceholder: '다른 사람에게 보일 이름',
  nameMissing: '누구인지 알 수 있게 이름을 적어 주세요.',
  preview: '들어가기 전 내 화면',
  mic: '마이크',
  microphone: '마이크',
  camera: '카메라',
  speaker: '스피커',
  systemDefault: '시스템 기본값',
  unnamed: (kind, number) => `${kind} ${number}`,
  level: '마이크 소리 크기',
  hint: {
    speak: '말해 보세요. 막대가 소리 크기를 보여 줘요.',
    heard: '목소리가 잘 들려요.',
    off: '마이크가 꺼져 있어요. 언제든지 켤 수 있어요.',
    noneYet: '아직 마이크 소리가 들리지 않았어요.',
  },
  cameraOff: '카메라가 꺼져 있어요',
  asking: '브라우저가 마이크와 카메라를 써도 되는지 묻고 있어요. 허용해 주세요.',
  join: '들어가기',
  watchOnly: '보고 듣기만 할게요',
  chatOnly: '통화 없이 채팅만 할게요',
  privacy: '들어가기 전에는 아무도 나를 보거나 들을 수 없어요.',
  tryAgain: '다시 시도',
  openSecure: '보안 주소로 열기',
  problems: {
    permission_denied: {
      title: (device) => `${device}: 브라우저가 막았어요`,
      text: '주소 옆의 아이콘을 눌러 허용한 다음 다시 시도해 주세요. 보고 듣기만 하면서 들어갈 수도 있어요.',
    },
    no_device: {
      title: (device) => `${device}: 찾지 못했어요`,
      text: '연결하면 바로 쓸 수 있어요. 없이 들어가도 괜찮아요.',
    },
    device_busy: {
      title: (device) => `${device}: 다른 프로그램이 쓰고 있어요`,
      text: '그 프로그램을 닫고 다시 시도해 주세요. 없이 들어가도 괜찮아요.',
    },
    device_failed: {
      title: (device) => `${device}: 켜지지 않았어요`,
      text: '다른 장치를 고르거나 다시 시도해 주세요. 없이 들어가도 괜찮아요.',
    },
    insecure_origin: {
      title: () => '이 주소에서는 마이크와 카메라를 쓸 수 없어요',
      text: '브라우저는 보안 주소에서만 허락해요. https 주소로 열면 한 번 경고가 나와요(이 서버가 인증서를 직접 만들었기 때문이에요). 또는 보고 듣기만 하면서 들어가세요.',
    },
  },
  both: '마이크와 카메라',
}
