"""Invented people and places, some words ten times as frequent as others, as in life.

Each number below 2⁴⁰ stands for a payer and for an address, the same one always.
"""

from collections.abc import Sequence


def _words(text: str) -> list[str]:
    return text.split()


LONG_NAME = "Әбдірахманова-Құдайбергенова Үмітгүл-Іңкәр-Гүлсезім Сейітмағамбет-Нұрмұхамедқызы"
STEMS = _words(
    "Ахмет Омар Қасым Сүлеймен Ғабдулл Жүніс Мұқан Нұрпейіс Оңғар Шәріп Өтеген Іскендір Үсен Ысқақ"
    " Әбдірахман Құдайберген Иван Петр Сидор Смағұл Тілеу Байжан Ержан Жақсылық Есім Сағын Мырза"
    " Воробь Щук Ельц Цыганк Фёдор Юд"
)
ENDINGS = _words("ов баев беков ғалиев жанов әлиев ханов ин")
MEN = _words(
    "Нұрлан Сергей Ұлан Алексей Қайрат Әділ Ерлан Дәулет Асхат Бауыржан Марат Серік Өркен Шыңғыс"
    " Ғани Еңсеген Жәнібек Пётр Иван Данияр Тимур Руслан Азамат Болат Ринат"
)
WOMEN = _words(
    "Айгүл Мәдина Гүлнәр Әлия Айнұр Сәуле Динара Іңкәр Һадиша Ұлжан Қымбат Жансұлу Виктория Ирина"
    " Алёна Айжан Зәуре Жанар Назгүл Ақмарал Светлана Ольга Бибігүл Раушан"
)
FATHERS = _words(
    "Ғалым Бейбіт Нұрғали Қанат Әшім Сәкен Ұлықпан Серік Марат Болат Ерлан Қайрат Асқар Талғат"
    " Мұрат Жомарт Кәрім Рахым Сапар Тұрсын"
)
RUSSIAN_FATHERS = _words("Сергее Андрее Юрье Алексее")
TOWNS = _words("Алматы Қаскелең Талғар Есік")
STREETS = _words(
    "Абай Қабанбай Өтеген Жібек Әуезов Гагарин Пушкин Достық Сейфуллин Райымбек Төле Қазыбек"
    " Әйтеке Шевченко Байтұрсынов Жандосов Тимирязев Розыбакиев Мәуленов Самал Орбита Ақсай Мамыр"
    " Таугүл Алмагүл Наурызбай Панфилов Фурманов Масанчи Мұқанов Жамбыл Шалқар Аққайың Бостандық"
    " Үлгі Һауа"
)
FURTHER = _words("бұлақ батыр жолы шығыс батыс тау төбе сай дала би 2 3 4")
BLOCK = ('"Самал-2" ықшамауданы, "Ә" блогы', 'мкр. "Самал-2", блок "А"')


def often(words: Sequence[str], byte: int) -> str:
    """One of the words, the earlier ones more often; `byte` is below 256."""
    return words[len(words) * byte * byte >> 16]


def payer(number: int) -> str:
    """A surname, a name and, mostly, a father's name."""
    if number % 293 == 0:
        return LONG_NAME
    woman, stem, ending = number & 1, number >> 1 & 255, number >> 9 & 255
    name, father, kind = number >> 17 & 255, number >> 25 & 255, number >> 33
    surname = often(STEMS, stem) + often(ENDINGS, ending) + "а" * woman
    words = [surname, often(WOMEN if woman else MEN, name)]
    if kind % 10 > 7:
        words.append(often(RUSSIAN_FATHERS, father) + ("вна" if woman else "вич"))
    elif kind % 10:
        words.append(often(FATHERS, father) + ("қызы" if woman else "ұлы"))
    return " ".join(words)


def address(number: int) -> tuple[str, str]:
    """In Kazakh and in Russian."""
    town, street = often(TOWNS, number & 255), often(STREETS, number >> 8 & 255)
    house, flat = divmod((number >> 16) % 24_000, 120)
    street = f"{street} {often(FURTHER, number >> 32)}"
    in_kazakh, in_russian = (f"{street} көш.", f"ул. {street}") if number % 150 else BLOCK
    return (
        f"{town} қ., {in_kazakh}, {house + 1}-үй, {flat + 1}-пәтер",
        f"г. {town}, {in_russian}, д. {house + 1}, кв. {flat + 1}",
    )
