"""Countries as people write them: ISO 3166-1 codes, English and German names, and the usual variants.

``AN`` (Netherlands Antilles, withdrawn in 2010) is kept because old files name it.
"""

import re
import unicodedata

# alpha-2, alpha-3, English names and German names; the first of each is the usual one.
_TABLE = """
AD AND Andorra
AE ARE United Arab Emirates/UAE/Emirates/Vereinigte Arabische Emirate/VAE
AF AFG Afghanistan
AG ATG Antigua and Barbuda/Antigua/Antigua und Barbuda
AI AIA Anguilla
AL ALB Albania/Albanien
AM ARM Armenia/Armenien
AN ANT Netherlands Antilles/Niederländische Antillen
AO AGO Angola
AQ ATA Antarctica/Antarktis
AR ARG Argentina/Argentinien
AS ASM American Samoa/Amerikanisch-Samoa
AT AUT Austria/Österreich/Oesterreich
AU AUS Australia/Australien
AW ABW Aruba
AX ALA Åland Islands/Aland/Ålandinseln
AZ AZE Azerbaijan/Aserbaidschan
BA BIH Bosnia and Herzegovina/Bosnia/Bosnien und Herzegowina/Bosnien
BB BRB Barbados
BD BGD Bangladesh/Bangladesch
BE BEL Belgium/Belgien/Belgique/België
BF BFA Burkina Faso
BG BGR Bulgaria/Bulgarien
BH BHR Bahrain
BI BDI Burundi
BJ BEN Benin
BL BLM Saint Barthelemy/Saint Barth/Saint-Barthélemy
BM BMU Bermuda
BN BRN Brunei Darussalam/Brunei
BO BOL Bolivia/Plurinational State of Bolivia/Bolivien
BQ BES Bonaire, Sint Eustatius and Saba/Caribbean Netherlands/Bonaire/Karibische Niederlande
BR BRA Brazil/Brasilien/Brasil
BS BHS Bahamas/Commonwealth of the Bahamas
BT BTN Bhutan
BV BVT Bouvet Island/Bouvetoya/Bouvetinsel
BW BWA Botswana/Botsuana
BY BLR Belarus/Weißrussland/Belarusian Republic
BZ BLZ Belize
CA CAN Canada/Kanada
CC CCK Cocos (Keeling) Islands/Cocos Islands/Keeling Islands/Kokosinseln
CD COD Democratic Republic of the Congo/Congo, The Democratic Republic of the/DR Congo/DRC/Congo-Kinshasa/Zaire/Demokratische Republik Kongo
CF CAF Central African Republic/Zentralafrikanische Republik
CG COG Congo/Republic of the Congo/Congo-Brazzaville/Kongo/Republik Kongo
CH CHE Switzerland/Swiss Confederation/Schweiz/Suisse/Svizzera
CI CIV Cote d'Ivoire/Ivory Coast/Elfenbeinküste
CK COK Cook Islands/Cookinseln
CL CHL Chile
CM CMR Cameroon/Kamerun
CN CHN China/People's Republic of China/PR China/Mainland China/Volksrepublik China
CO COL Colombia/Kolumbien
CR CRI Costa Rica
CU CUB Cuba/Kuba
CV CPV Cape Verde/Cabo Verde/Kap Verde
CW CUW Curacao/Curaçao
CX CXR Christmas Island/Weihnachtsinsel
CY CYP Cyprus/Zypern
CZ CZE Czechia/Czech Republic/Tschechien/Tschechische Republik
DE DEU Germany/Federal Republic of Germany/Deutschland/Bundesrepublik Deutschland/BRD/Allemagne/Alemania
DJ DJI Djibouti/Dschibuti
DK DNK Denmark/Dänemark/Danmark
DM DMA Dominica
DO DOM Dominican Republic/Dominikanische Republik
DZ DZA Algeria/Algerien
EC ECU Ecuador
EE EST Estonia/Estland
EG EGY Egypt/Ägypten
EH ESH Western Sahara/Westsahara
ER ERI Eritrea
ES ESP Spain/Spanien/España
ET ETH Ethiopia/Äthiopien
FI FIN Finland/Finnland/Suomi
FJ FJI Fiji/Fidschi
FK FLK Falkland Islands/Falkland Islands (Malvinas)/Malvinas/Falklandinseln
FM FSM Micronesia/Federated States of Micronesia/Micronesia, Federated States of/Mikronesien
FO FRO Faroe Islands/Faeroe Islands/Färöer
FR FRA France/French Republic/Frankreich
GA GAB Gabon/Gabun
GB GBR United Kingdom/United Kingdom of Great Britain and Northern Ireland/UK/Great Britain/Britain/England/Scotland/Wales/Northern Ireland/Großbritannien/Vereinigtes Königreich
GD GRD Grenada
GE GEO Georgia/Georgien
GF GUF French Guiana/Französisch-Guayana
GG GGY Guernsey
GH GHA Ghana
GI GIB Gibraltar
GL GRL Greenland/Grönland
GM GMB Gambia
GN GIN Guinea
GP GLP Guadeloupe
GQ GNQ Equatorial Guinea/Äquatorialguinea
GR GRC Greece/Hellas/Griechenland
GS SGS South Georgia and the South Sandwich Islands/South Georgia/Südgeorgien und die Südlichen Sandwichinseln
GT GTM Guatemala
GU GUM Guam
GW GNB Guinea-Bissau
GY GUY Guyana
HK HKG Hong Kong/Hong Kong SAR/Hongkong
HM HMD Heard Island and McDonald Islands/Heard and McDonald Islands/Heard und McDonaldinseln
HN HND Honduras
HR HRV Croatia/Kroatien/Hrvatska
HT HTI Haiti
HU HUN Hungary/Ungarn
ID IDN Indonesia/Indonesien
IE IRL Ireland/Republic of Ireland/Irland/Eire
IL ISR Israel
IM IMN Isle of Man/Insel Man
IN IND India/Indien
IO IOT British Indian Ocean Territory/Chagos Archipelago/Britisches Territorium im Indischen Ozean
IQ IRQ Iraq/Irak
IR IRN Iran/Islamic Republic of Iran/Iran, Islamic Republic of
IS ISL Iceland/Island
IT ITA Italy/Italien/Italia
JE JEY Jersey
JM JAM Jamaica/Jamaika
JO JOR Jordan/Jordanien
JP JPN Japan
KE KEN Kenya/Kenia
KG KGZ Kyrgyzstan/Kyrgyz Republic/Kirgisistan/Kirgistan
KH KHM Cambodia/Kambodscha
KI KIR Kiribati
KM COM Comoros/Komoren
KN KNA Saint Kitts and Nevis/Saint Kitts und Nevis
KP PRK North Korea/Korea, Democratic People's Republic of/Democratic People's Republic of Korea/DPRK/Nordkorea
KR KOR South Korea/Korea, Republic of/Republic of Korea/Korea/Südkorea
KW KWT Kuwait
KY CYM Cayman Islands/Kaimaninseln
KZ KAZ Kazakhstan/Kazakstan/Kasachstan
LA LAO Laos/Lao People's Democratic Republic
LB LBN Lebanon/Libanon
LC LCA Saint Lucia
LI LIE Liechtenstein
LK LKA Sri Lanka/Ceylon
LR LBR Liberia
LS LSO Lesotho
LT LTU Lithuania/Litauen
LU LUX Luxembourg/Luxemburg
LV LVA Latvia/Lettland
LY LBY Libya/Libyan Arab Jamahiriya/State of Libya/Libyen
MA MAR Morocco/Marokko
MC MCO Monaco
MD MDA Moldova/Republic of Moldova/Moldova, Republic of/Moldau/Moldawien/Republik Moldau
ME MNE Montenegro
MF MAF Saint Martin/Saint Martin (French part)/Saint-Martin
MG MDG Madagascar/Madagaskar
MH MHL Marshall Islands/Marshallinseln
MK MKD North Macedonia/Macedonia/Former Yugoslav Republic of Macedonia/FYROM/Nordmazedonien/Mazedonien
ML MLI Mali
MM MMR Myanmar/Burma/Birma
MN MNG Mongolia/Mongolei
MO MAC Macao/Macau/Macao SAR
MP MNP Northern Mariana Islands/Nördliche Marianen
MQ MTQ Martinique
MR MRT Mauritania/Mauretanien
MS MSR Montserrat
MT MLT Malta
MU MUS Mauritius
MV MDV Maldives/Malediven
MW MWI Malawi
MX MEX Mexico/México/Mexiko
MY MYS Malaysia
MZ MOZ Mozambique/Mosambik
NA NAM Namibia
NC NCL New Caledonia/Neukaledonien
NE NER Niger
NF NFK Norfolk Island/Norfolkinsel
NG NGA Nigeria
NI NIC Nicaragua
NL NLD Netherlands/Holland/Niederlande/Nederland
NO NOR Norway/Norwegen/Norge
NP NPL Nepal
NR NRU Nauru
NU NIU Niue
NZ NZL New Zealand/Aotearoa/Neuseeland
OM OMN Oman
PA PAN Panama
PE PER Peru
PF PYF French Polynesia/Französisch-Polynesien
PG PNG Papua New Guinea/Papua-Neuguinea
PH PHL Philippines/Philippinen
PK PAK Pakistan
PL POL Poland/Polen/Polska
PM SPM Saint Pierre and Miquelon/Saint-Pierre und Miquelon
PN PCN Pitcairn Islands/Pitcairn/Pitcairninseln
PR PRI Puerto Rico
PS PSE Palestinian Territory/Palestine/State of Palestine/Palestine, State of/Palestinian Territory, Occupied/Occupied Palestinian Territory/Palestinian Territories/Palästina
PT PRT Portugal
PW PLW Palau
PY PRY Paraguay
QA QAT Qatar/Katar
RE REU Reunion/Réunion
RO ROU Romania/Rumänien
RS SRB Serbia/Serbien
RU RUS Russia/Russian Federation/Russland/Russische Föderation
RW RWA Rwanda/Ruanda
SA SAU Saudi Arabia/KSA/Saudi-Arabien
SB SLB Solomon Islands/Salomonen
SC SYC Seychelles/Seychellen
SD SDN Sudan
SE SWE Sweden/Schweden/Sverige
SG SGP Singapore/Singapur
SH SHN Saint Helena/Saint Helena, Ascension and Tristan da Cunha/Sankt Helena
SI SVN Slovenia/Slowenien
SJ SJM Svalbard and Jan Mayen/Svalbard & Jan Mayen Islands/Spitzbergen/Svalbard und Jan Mayen
SK SVK Slovakia/Slovak Republic/Slowakei
SL SLE Sierra Leone
SM SMR San Marino
SN SEN Senegal
SO SOM Somalia
SR SUR Suriname/Surinam
SS SSD South Sudan/Südsudan
ST STP Sao Tome and Principe/São Tomé und Príncipe
SV SLV El Salvador
SX SXM Sint Maarten/Sint Maarten (Dutch part)
SY SYR Syria/Syrian Arab Republic/Syrien
SZ SWZ Eswatini/Swaziland/Swasiland
TC TCA Turks and Caicos Islands/Turks- und Caicosinseln
TD TCD Chad/Tschad
TF ATF French Southern Territories/French Southern and Antarctic Lands/Französische Süd- und Antarktisgebiete
TG TGO Togo
TH THA Thailand
TJ TJK Tajikistan/Tadschikistan
TK TKL Tokelau
TL TLS Timor-Leste/East Timor/Osttimor
TM TKM Turkmenistan
TN TUN Tunisia/Tunesien
TO TON Tonga
TR TUR Turkey/Türkiye/Türkei
TT TTO Trinidad and Tobago/Trinidad/Trinidad und Tobago
TV TUV Tuvalu
TW TWN Taiwan/Taiwan, Province of China
TZ TZA Tanzania/United Republic of Tanzania/Tanzania, United Republic of/Tansania
UA UKR Ukraine
UG UGA Uganda
UM UMI United States Minor Outlying Islands/US Minor Outlying Islands/Amerikanische Überseeinseln
US USA United States/United States of America/U.S.A./U.S./America/Vereinigte Staaten/Vereinigte Staaten von Amerika
UY URY Uruguay
UZ UZB Uzbekistan/Usbekistan
VA VAT Holy See/Vatican City/Vatican/Holy See (Vatican City State)/Vatican City State/Vatikanstadt/Vatikan
VC VCT Saint Vincent and the Grenadines/Saint Vincent/Saint Vincent und die Grenadinen
VE VEN Venezuela/Bolivarian Republic of Venezuela
VG VGB British Virgin Islands/Virgin Islands, British/Britische Jungferninseln
VI VIR US Virgin Islands/United States Virgin Islands/Virgin Islands, U.S./Amerikanische Jungferninseln
VN VNM Vietnam/Viet Nam
VU VUT Vanuatu
WF WLF Wallis and Futuna/Wallis und Futuna
WS WSM Samoa/Western Samoa
XK XKX Kosovo
YE YEM Yemen/Jemen
YT MYT Mayotte
ZA ZAF South Africa/Südafrika
ZM ZMB Zambia/Sambia
ZW ZWE Zimbabwe/Simbabwe
"""  # noqa: E501

_PARENTHESIS = re.compile(r"\([^)]*\)")
_NO_WORD = re.compile(r"[^\w]+")
_DROPPED = {"the", "of", "and", "und", "island", "islands"}


def _key(name: str) -> str:
    """Accents, case, punctuation and small words do not tell two countries apart."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    plain = plain.replace("'", "").replace("’", "")
    words = ["saint" if word in ("st", "sankt") else word for word in _NO_WORD.sub(" ", plain).split()]
    return "".join(word for word in words if word not in _DROPPED) or "".join(words)


def _build() -> tuple[dict[str, str], dict[str, str]]:
    by_key: dict[str, str] = {}
    names: dict[str, str] = {}
    for line in _TABLE.strip().splitlines():
        alpha2, alpha3, listed = line.split(" ", 2)
        spelled = listed.split("/")
        names[alpha2] = spelled[0]
        for name in (alpha2, alpha3, *spelled):
            by_key.setdefault(_key(name), alpha2)
    return by_key, names


_BY_KEY, NAMES = _build()
_memo: dict[str, str] = {}
_MEMO_SIZE = 4096


def country_code(name: str) -> str:
    """The alpha-2 code of a country given by name or code, "" if it is not known."""
    known = _memo.get(name)
    if known is None:
        known = _BY_KEY.get(_key(name)) or _BY_KEY.get(_key(_PARENTHESIS.sub(" ", name))) or ""
        if len(_memo) < _MEMO_SIZE:
            _memo[name] = known
    return known


def country_choices() -> list[tuple[str, str]]:
    """Alpha-2 codes with their usual names, by name, for a form's choice."""
    return sorted(NAMES.items(), key=lambda item: item[1])
