// @ts-check
// The words of the compare view in Korean, word for word the keys of compare.en.js.

/** @type {Record<keyof typeof import("./compare.en.js").words, string>} */
export const words = {
  "compare.title": "비교",
  "compare.swap": "서로 바꾸기",
  "compare.broken": "이미지를 읽지 못했습니다.",
  "compare.noimage": "이 작업 중 하나에는 이미지가 없습니다.",
  "compare.next": "{of}장 중 {n}번째: 다음",
  "compare.other": "다른 이미지 고르기",
  "compare.mode": "비교 방법",
  "compare.slider": "슬라이더",
  "compare.side": "나란히",
  "compare.blink": "번갈아",
  "compare.alt": "{mark}: {prompt}",
  "compare.zoom": "확대",
  "compare.in": "크게",
  "compare.out": "작게",
  "compare.slide": "A와 B의 경계",
  "compare.shown": "지금 {mark}: 바꿔 보기",
  "compare.differences": "다른 점",
  "compare.all": "같은 항목도 보기",
  "compare.same": "요청도 결과도 같습니다.",
  "compare.inputs": "입력 이미지",
  "compare.yes": "있음",
  "compare.no": "없음",
  "compare.charge": "청구액",
  "compare.first": "첫 번째 이미지를 고르세요.",
  "compare.second": "비교할 이미지를 고르세요.",
  "compare.few": "이미지가 두 장 필요합니다. 먼저 더 만들어 보세요.",
};
