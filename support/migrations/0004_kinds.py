"""What residents can ask for at first; supervisors change it in the admin."""

from django.db import migrations

KINDS = [
    {
        "code": "residents",
        "place": 10,
        "name_kk": "Тұратындардың саны өзгерді",
        "name_ru": "Изменилось число проживающих",
        "help_kk": "Деңгейлердің шегі тұрақты тұратындардың санына байланысты. Мекенжай анықтамасын "
        "тіркеңіз.",
        "help_ru": "От числа постоянно проживающих зависят границы уровней. Приложите адресную справку.",
        "fields": ["residents", "since"],
        "attachments": "must",
    },
    {
        "code": "owner",
        "place": 20,
        "name_kk": "Тұрғын үйдің иесі ауысты",
        "name_ru": "Сменился владелец жилья",
        "help_kk": "Тұрғын үйге құқықты растайтын құжатты тіркеңіз.",
        "help_ru": "Приложите документ о праве на жильё.",
        "fields": ["new_owner", "since"],
        "attachments": "must",
    },
    {
        "code": "plan",
        "place": 30,
        "name_kk": "Тарифті ауыстыру",
        "name_ru": "Сменить тарифный план",
        "help_kk": "Қай тариф тиімді екенін «Электр энергиясы бойынша төлемдерді есептеу» бөлімінен "
        "көре аласыз.",
        "help_ru": "Какой тариф выгоднее, видно в разделе «Расчёт платежей по электроэнергии».",
        "fields": ["plan", "since"],
        "attachments": "none",
    },
    {
        "code": "reading",
        "place": 40,
        "name_kk": "Көрсеткішті түзету",
        "name_ru": "Исправить показание",
        "help_kk": "Есептегіштің көрсеткіші анық көрінетін суретті тіркеңіз.",
        "help_ru": "Приложите снимок счётчика, на котором видно показание.",
        "fields": ["meter", "reading"],
        "attachments": "may",
    },
    {
        "code": "recalculation",
        "place": 50,
        "name_kk": "Қайта есептеу",
        "name_ru": "Перерасчёт",
        "help_kk": "Қай ай дұрыс есептелмегенін және неге олай ойлайтыныңызды жазыңыз.",
        "help_ru": "Напишите, какой месяц посчитан неверно и почему вы так думаете.",
        "fields": ["month"],
        "attachments": "may",
    },
    {
        "code": "payment",
        "place": 60,
        "name_kk": "Төлем көрсетілмеген",
        "name_ru": "Платёж не показан",
        "help_kk": "Төлемдер бірнеше күн кешігіп түсуі мүмкін. Чекті тіркеңіз.",
        "help_ru": "Платежи могут поступать с задержкой в несколько дней. Приложите чек.",
        "fields": ["paid"],
        "attachments": "may",
    },
    {
        "code": "refund",
        "place": 70,
        "name_kk": "Артық төлемді қайтару",
        "name_ru": "Вернуть переплату",
        "help_kk": "Шот төлеушінің атына ашылған болуы керек.",
        "help_ru": "Счёт в банке должен быть открыт на имя плательщика.",
        "fields": ["refund"],
        "attachments": "may",
        "days": 15,
        "in_working_days": True,
    },
    {
        "code": "paper",
        "place": 80,
        "name_kk": "Қағаз түбіртек",
        "name_ru": "Бумажная квитанция",
        "help_kk": "Көшірме алу немесе қағаз түбіртектен бас тарту.",
        "help_ru": "Получить копию или отказаться от бумажной квитанции.",
        "fields": ["paper"],
        "attachments": "none",
    },
    {
        "code": "meter",
        "place": 90,
        "name_kk": "Есептегішті ауыстыру немесе тексеру",
        "name_ru": "Заменить или проверить счётчик",
        "help_kk": "Шебер келетін уақытты сізбен келіседі.",
        "help_ru": "Время прихода мастера согласуют с вами.",
        "fields": ["meter", "visit"],
        "attachments": "may",
        "days": 10,
        "in_working_days": True,
    },
    {
        "code": "access",
        "place": 110,
        "name_kk": "Шотымды қоса алмаймын",
        "name_ru": "Не получается добавить счёт",
        "help_kk": "Шоттың нөмірін және не болғанын жазыңыз. Жеке куәлікті тек қызметкер сұраса ғана "
        "тіркеңіз.",
        "help_ru": "Напишите номер счёта и что произошло. Удостоверение прикладывайте, только если "
        "об этом попросит сотрудник.",
        "fields": ["number"],
        "attachments": "may",
        "needs_account": False,
    },
    {
        "code": "other",
        "place": 120,
        "name_kk": "Басқа сұрақ",
        "name_ru": "Другой вопрос",
        "help_kk": "",
        "help_ru": "",
        "fields": [],
        "attachments": "may",
        "needs_account": False,
    },
]


def add(apps, schema_editor):
    kinds = apps.get_model("support", "Kind").objects.using(schema_editor.connection.alias)
    for kind in KINDS:
        kinds.get_or_create(code=kind["code"], defaults=kind)


class Migration(migrations.Migration):

    dependencies = [("support", "0003_text_rights")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE support_application_number", "DROP SEQUENCE support_application_number"
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
