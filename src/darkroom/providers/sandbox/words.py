"""The vocabulary: which English and Korean words mean which motif, place, light or colour.

English words match whole words (plurals included); Korean ones match anywhere, because particles
are glued to nouns. A row's first match wins a place in the picture, in the order of the prompt.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from darkroom.providers.sandbox.color import RGB, rgb

SUBJECTS: dict[str, str] = {
    "dog": (
        "dog puppy retriever corgi labrador poodle husky beagle 강아지 개가 개를 멍멍이 "
        "반려견 리트리버"
    ),
    "cat": "cat kitten kitty tabby 고양이 냥이",
    "fox": "fox foxes 여우",
    "bear": "bear teddy grizzly 곰",
    "panda": "panda 판다",
    "rabbit": "rabbit bunny hare otter 토끼",
    "lion": "lion 사자",
    "tiger": "tiger 호랑이",
    "bird": "bird sparrow robin parrot hummingbird finch 새가 새를 작은새 참새 앵무새",
    "fish": "fish goldfish clownfish koi 물고기 금붕어",
    "whale": "whale dolphin orca 고래",
    "car": "car automobile roadster coupe supercar convertible porsche ferrari 자동차 스포츠카",
    "bicycle": "bicycle bike cyclist tricycle 자전거",
    "boat": "boat sailboat ship yacht sailing 배가 요트 돛단배 보트",
    "balloon": "balloon 열기구 풍선",
    "rocket": "rocket spaceship spacecraft shuttle 로켓 우주선",
    "plane": "plane airplane aeroplane airliner jet 비행기",
    "saree": "saree sari 사리를 사리",
    "gown": "gown dress fashion model ballerina dancer hanbok bride 드레스 패션 모델 한복 무용수",
    "portrait": (
        "portrait woman man girl boy person face headshot selfie lady 초상화 인물 여자 "
        "남자 여성 남성 소녀 소년 얼굴"
    ),
    "handbag": "handbag bag purse tote clutch backpack 핸드백 가방 백팩",
    "watch": "watch wristwatch timepiece 시계",
    "bottle": (
        "bottle perfume flacon cosmetic serum lotion skincare product shampoo 향수 "
        "화장품 병이 제품 상품"
    ),
    "shoe": "shoe sneaker trainer boot 신발 운동화 구두",
    "headphones": "headphones headphone headset earphones 헤드폰",
    "phone": "phone smartphone iphone app 휴대폰 스마트폰",
    "chair": "chair armchair sofa couch furniture 의자 소파 가구",
    "coffee": "coffee latte espresso cappuccino cafe café tea cup mug brew 커피 카페 라떼 찻잔",
    "watermelon": "watermelon 수박",
    "bowl": (
        "ramen noodle noodles soup bowl bibimbap rice food dish meal 라면 국수 비빔밥 음식 요리"
    ),
    "cake": "cake birthday cupcake dessert wedding 케이크 생일 디저트",
    "pizza": "pizza 피자",
    "fruit": "fruit orange oranges lemon citrus apple 과일 오렌지 레몬 귤",
    "icecream": "icecream gelato sundae popsicle 아이스크림 빙수",
    "bouquet": "bouquet vase roses rose tulip tulips peony lily 꽃다발 꽃병 장미 튤립",
    "tree": "tree oak 나무",
    "house": "house cottage cabin home hut hanok 집이 집을 오두막 한옥",
    "lighthouse": "lighthouse 등대",
    "robot": "robot android cyborg astronaut 로봇 우주인",
}

PLACES: dict[str, str] = {
    "ocean": (
        "ocean sea beach coast coastline shore waves seaside island surf 바다 해변 해안 파도 섬"
    ),
    "road": "highway road street drive freeway 도로 고속도로",
    "mountains": (
        "mountain alps peak summit himalaya everest cliff valley fjord volcano 산맥 "
        "산이 산을 설산 봉우리 산속"
    ),
    "lake": "lake river reflection pond 호수 강가 연못",
    "sunflowers": "sunflower sunflowers 해바라기",
    "meadow": (
        "meadow field grass park garden hill flowers flower lavender spring countryside "
        "farm 들판 초원 공원 정원 언덕 꽃밭 꽃이 꽃 봄"
    ),
    "forest": "forest woods jungle woodland rainforest pine 숲 정글 숲속",
    "city": (
        "city skyline skyscraper downtown tokyo seoul york manhattan urban buildings "
        "cityscape cyberpunk 도시 서울 빌딩 도심 야경"
    ),
    "desert": "desert dune sahara canyon cactus 사막",
    "snow": "snow winter snowy ice christmas arctic 눈밭 겨울 눈이 크리스마스",
    "space": (
        "space galaxy planet nebula cosmos universe moonscape mars cosmic astronaut "
        "우주 은하 행성 성운 화성"
    ),
    "room": (
        "room interior bedroom kitchen living window indoor indoors office 방 거실 실내 침실 주방"
    ),
    "studio": "studio product plinth pedestal packshot commercial e-commerce 스튜디오 제품",
}

LIGHTS: dict[str, str] = {
    "sunset": "sunset dusk golden-hour twilight evening 노을 석양 일몰 해질녘",
    "dawn": "dawn sunrise morning misty 새벽 일출 아침 해돋이",
    "night": "night midnight moonlit moonlight moon starry stars aurora 밤 밤하늘 달빛 별 야경",
    "neon": "neon cyberpunk synthwave vaporwave futuristic disco 네온 사이버펑크",
    "autumn": "autumn fall maple 가을 단풍",
    "winter": "winter snow snowy christmas frozen 겨울 크리스마스",
    "pastel": "pastel cute kawaii soft dreamy baby 파스텔 귀여운 몽환",
    "luxe": "luxury luxurious elegant premium black noir gold-plated 고급 럭셔리 우아한",
    "fresh": "fresh green eco natural organic summer 상큼한 여름 친환경 초록",
    "sea": "summer tropical ocean 여름 바다",
}

LAYOUTS: dict[str, str] = {
    "infographic": (
        "infographic diagram chart timeline dashboard flowchart 인포그래픽 도표 차트 다이어그램"
    ),
    "logo": "logo emblem logotype badge icon monogram 로고 엠블럼 아이콘",
    "poster": (
        "poster flyer banner sign billboard headline advert advertisement cover card "
        "invitation sticker 포스터 전단지 배너 간판 광고 표지 초대장"
    ),
}

COLORS: dict[str, str] = {
    "d8342f": "red crimson scarlet 빨간 빨강 붉은",
    "f08a24": "orange 주황 주황색",
    "f6c02f": "yellow 노란 노랑",
    "2f9a5b": "green emerald 초록 녹색",
    "1fa6a0": "teal turquoise 청록",
    "2d6cdf": "blue azure cobalt 파란 파랑 푸른",
    "233a6b": "navy indigo 남색",
    "7b4fc9": "purple violet lavender 보라 보라색",
    "f07fa8": "pink magenta rose-pink 분홍 핑크",
    "8a5a3b": "brown chestnut 갈색",
    "26262c": "black 검은 검정",
    "f4f2ee": "white ivory cream 하얀 흰 흰색",
    "c9ced6": "silver 은색",
    "8e929c": "grey gray 회색",
    "dca93c": "gold golden 금색 황금",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One word of a prompt that the vocabulary knows."""

    key: str
    at: int


def find(rows: str, prompt: str) -> list[Found]:
    """Keys of one table that the prompt names, in the prompt's order, each once."""
    text = prompt.lower()
    first: dict[str, int] = {}
    for key, pattern in _patterns(rows):
        match = pattern.search(text)
        if match is not None:
            first[key] = match.start()
    return [Found(key, at) for key, at in sorted(first.items(), key=lambda item: item[1])]


def color_of(prompt: str, subject: str) -> RGB | None:
    """The colour word shortly before a subject: "red" in "a model in a red dress"."""
    text = prompt.lower()
    pattern = dict(_patterns("subjects"))[subject]
    for match in pattern.finditer(text):
        near = text[max(0, match.start() - 22) : match.start()]
        found = [
            (color.start(), key)
            for key, colors in _patterns("colors")
            for color in colors.finditer(near)
        ]
        if found:
            return rgb(max(found)[1])
    return None


def any_color(prompt: str) -> RGB | None:
    found = find("colors", prompt)
    return rgb(found[0].key) if found else None


_TABLES: dict[str, dict[str, str]] = {
    "subjects": SUBJECTS,
    "places": PLACES,
    "lights": LIGHTS,
    "layouts": LAYOUTS,
    "colors": COLORS,
}


@lru_cache(maxsize=8)
def _patterns(table: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    out: list[tuple[str, re.Pattern[str]]] = []
    for key, row in _TABLES[table].items():
        words = sorted(row.split(), key=len, reverse=True)
        latin = [re.escape(word) for word in words if word.isascii() or word == "café"]
        other = [re.escape(word) for word in words if not (word.isascii() or word == "café")]
        parts: list[str] = []
        if latin:
            parts.append(rf"(?<![a-z0-9])(?:{'|'.join(latin)})(?:e?s)?(?![a-z0-9])")
        parts.extend(_korean(word) for word in other)
        out.append((key, re.compile("|".join(parts))))
    return tuple(out)


def _korean(word: str) -> str:
    """One-syllable words must start a word: 꽃 but not 불꽃, 밤 but not 알밤."""
    return rf"(?<![가-힣]){word}" if len(word.replace("\\", "")) == 1 else word
