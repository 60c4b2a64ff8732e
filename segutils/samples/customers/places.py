"""The towns of the simulated client's districts: postcodes, coordinates, dialling codes."""

from __future__ import annotations

import pandas as pd

from segutils.samples.customers.profiles import REGIONS

TOWNS = 4  # a district, the first of them its centre
# Region: one district a line; town, lowest and highest postcode, latitude, longitude, dialling code
PLACES = """
Nord
Hamburg 20095-22769 53.551 9.994 40; Norderstedt 22844-22851 53.707 9.996 40;
 Pinneberg 25421 53.659 9.801 4101; Buchholz 21244 53.326 9.868 4181
Kiel 24103-24159 54.323 10.139 431; Lübeck 23552-23570 53.866 10.687 451;
 Flensburg 24937-24944 54.784 9.437 461; Neumünster 24534-24539 54.073 9.983 4321
Bremen 28195-28779 53.079 8.801 421; Oldenburg 26121-26135 53.144 8.214 441;
 Bremerhaven 27568-27580 53.540 8.581 471; Wilhelmshaven 26382-26389 53.530 8.106 4421
Hannover 30159-30669 52.374 9.738 511; Braunschweig 38100-38126 52.264 10.527 531;
 Wolfsburg 38440-38448 52.423 10.787 5361; Göttingen 37073-37085 51.534 9.935 551
Süd
München 80331-81929 48.137 11.575 89; Augsburg 86150-86199 48.371 10.898 821;
 Ingolstadt 85049-85057 48.763 11.425 841; Rosenheim 83022-83026 47.856 12.129 8031
Nürnberg 90402-90491 49.454 11.077 911; Erlangen 91052-91058 49.598 11.004 9131;
 Fürth 90762-90768 49.478 10.990 911; Würzburg 97070-97084 49.791 9.953 931
Stuttgart 70173-70629 48.776 9.183 711; Esslingen 73728-73734 48.741 9.305 711;
 Reutlingen 72760-72770 48.492 9.211 7121; Heilbronn 74072-74081 49.142 9.220 7131
Karlsruhe 76131-76229 49.007 8.404 721; Freiburg 79098-79117 47.999 7.842 761;
 Mannheim 68159-68309 49.488 8.466 621; Offenburg 77652-77656 48.473 7.944 781
West
Köln 50667-51149 50.938 6.960 221; Bonn 53111-53229 50.735 7.100 228;
 Leverkusen 51371-51381 51.033 6.984 214; Aachen 52062-52080 50.776 6.084 241
Düsseldorf 40210-40629 51.228 6.774 211; Krefeld 47798-47839 51.334 6.564 2151;
 Neuss 41460-41472 51.198 6.692 2131; Mönchengladbach 41061-41239 51.195 6.436 2161
Essen 45127-45359 51.456 7.012 201; Dortmund 44135-44388 51.514 7.465 231;
 Bochum 44787-44894 51.482 7.216 234; Duisburg 47051-47279 51.435 6.763 203
Münster 48143-48167 51.961 7.626 251; Bielefeld 33602-33739 52.021 8.532 521;
 Paderborn 33098-33106 51.719 8.755 5251; Gütersloh 33330-33335 51.906 8.379 5241
Île-de-France
Paris 75001-75020 48.857 2.352 1; Levallois-Perret 92300 48.893 2.288 1;
 Boulogne-Billancourt 92100 48.835 2.241 1; Nanterre 92000 48.892 2.207 1
Saint-Denis 93200 48.936 2.357 1; Montreuil 93100 48.864 2.448 1; Aulnay-sous-Bois 93600 48.938 2.494 1;
 Bobigny 93000 48.909 2.440 1
Versailles 78000 48.804 2.120 1; Cergy 95000 49.036 2.063 1; Argenteuil 95100 48.947 2.247 1;
 Poissy 78300 48.929 2.045 1
Évry-Courcouronnes 91000 48.624 2.429 1; Melun 77000 48.540 2.660 1; Créteil 94000 48.790 2.455 1;
 Massy 91300 48.731 2.271 1
Auvergne-Rhône-Alpes
Lyon 69001-69009 45.764 4.836 4; Villeurbanne 69100 45.767 4.880 4; Vénissieux 69200 45.697 4.887 4;
 Saint-Priest 69800 45.697 4.944 4
Grenoble 38000 45.188 5.724 4; Échirolles 38130 45.144 5.718 4; Voiron 38500 45.364 5.592 4;
 Valence 26000 44.933 4.892 4
Saint-Étienne 42000 45.439 4.387 4; Roanne 42300 46.036 4.068 4; Clermont-Ferrand 63000 45.777 3.087 4;
 Vichy 03200 46.128 3.426 4
Annecy 74000 45.899 6.129 4; Chambéry 73000 45.564 5.917 4; Bourg-en-Bresse 01000 46.205 5.226 4;
 Oyonnax 01100 46.257 5.655 4
Grand Est
Strasbourg 67000 48.573 7.752 3; Haguenau 67500 48.816 7.790 3; Sélestat 67600 48.260 7.454 3;
 Molsheim 67120 48.543 7.492 3
Mulhouse 68100 47.750 7.336 3; Colmar 68000 48.079 7.358 3; Saint-Louis 68300 47.589 7.561 3;
 Thann 68800 47.808 7.104 3
Metz 57000 49.119 6.176 3; Nancy 54000 48.692 6.184 3; Thionville 57100 49.358 6.168 3;
 Épinal 88000 48.173 6.450 3
Reims 51100 49.258 4.032 3; Troyes 10000 48.297 4.074 3; Charleville-Mézières 08000 49.773 4.720 3;
 Châlons-en-Champagne 51000 48.957 4.364 3
Cataluña
Barcelona 08001-08042 41.386 2.170 93; Badalona 08911-08918 41.450 2.247 93;
 L'Hospitalet de Llobregat 08901-08908 41.360 2.100 93; Cornellà de Llobregat 08940 41.357 2.070 93
Sabadell 08201-08208 41.546 2.109 93; Terrassa 08221-08228 41.563 2.009 93;
 Granollers 08401-08403 41.608 2.288 93; Manresa 08240-08243 41.725 1.826 93
Girona 17001-17007 41.979 2.821 972; Figueres 17600 42.267 2.961 972; Lleida 25001-25008 41.618 0.620 973;
 Vic 08500 41.930 2.255 93
Tarragona 43001-43008 41.119 1.245 977; Reus 43201-43206 41.156 1.107 977; Tortosa 43500 40.812 0.521 977;
 Valls 43800 41.286 1.250 977
Madrid
Madrid 28001-28055 40.417 -3.704 91; Alcobendas 28100-28109 40.547 -3.642 91;
 San Sebastián de los Reyes 28701-28703 40.548 -3.626 91; Tres Cantos 28760 40.601 -3.708 91
Alcalá de Henares 28801-28807 40.482 -3.364 91; Torrejón de Ardoz 28850 40.459 -3.469 91;
 Coslada 28821-28823 40.424 -3.561 91; Arganda del Rey 28500 40.301 -3.438 91
Getafe 28901-28909 40.308 -3.733 91; Leganés 28911-28919 40.327 -3.764 91;
 Fuenlabrada 28941-28947 40.284 -3.794 91; Parla 28980-28983 40.237 -3.774 91
Móstoles 28931-28938 40.323 -3.865 91; Alcorcón 28921-28925 40.346 -3.825 91;
 Las Rozas 28231-28232 40.493 -3.874 91; Pozuelo de Alarcón 28223-28224 40.435 -3.813 91
País Vasco
Bilbao 48001-48015 43.263 -2.935 94; Barakaldo 48901-48903 43.296 -2.988 94;
 Getxo 48991-48993 43.345 -3.012 94; Basauri 48970 43.238 -2.886 94
Donostia 20001-20018 43.318 -1.981 943; Irun 20301-20305 43.338 -1.789 943;
 Errenteria 20100 43.312 -1.899 943; Hernani 20120 43.266 -1.976 943
Vitoria-Gasteiz 01001-01015 42.847 -2.672 945; Llodio 01400 43.144 -2.963 94;
 Amurrio 01470 43.053 -3.001 945; Agurain 01200 42.851 -2.390 945
Eibar 20600 43.184 -2.473 943; Mondragón 20500 43.065 -2.490 943; Durango 48200 43.171 -2.633 94;
 Elgoibar 20870 43.214 -2.413 943
Mazowsze
Warszawa 00001-04999 52.230 21.011 22; Pruszków 05800-05804 52.170 20.812 22;
 Piaseczno 05500 52.081 21.024 22; Legionowo 05118-05120 52.405 20.926 22
Płock 09400-09410 52.547 19.706 24; Ciechanów 06400 52.881 20.619 23; Mława 06500 53.113 20.384 23;
 Sochaczew 96500 52.229 20.238 46
Radom 26600-26618 51.402 21.147 48; Grójec 05600 51.866 20.868 48; Pionki 26670 51.476 21.449 48;
 Kozienice 26900 51.583 21.549 48
Siedlce 08110 52.168 22.290 25; Ostrołęka 07400-07410 53.085 21.574 29;
 Mińsk Mazowiecki 05300 52.179 21.572 25; Wyszków 07200 52.593 21.459 29
Śląsk
Katowice 40001-40877 50.265 19.024 32; Chorzów 41500-41506 50.298 18.954 32;
 Sosnowiec 41200-41219 50.286 19.104 32; Mysłowice 41400-41412 50.208 19.166 32
Gliwice 44100-44122 50.294 18.671 32; Zabrze 41800-41820 50.325 18.786 32;
 Bytom 41900-41936 50.348 18.916 32; Tarnowskie Góry 42600-42612 50.445 18.861 32
Bielsko-Biała 43300-43382 49.822 19.047 33; Tychy 43100-43110 50.124 18.987 32;
 Żywiec 34300 49.685 19.192 33; Cieszyn 43400 49.750 18.632 33
Częstochowa 42200-42229 50.812 19.120 34; Rybnik 44200-44217 50.102 18.546 32;
 Jastrzębie-Zdrój 44330-44337 49.950 18.600 32; Racibórz 47400 50.092 18.219 32
Pomorze
Gdańsk 80001-80958 54.352 18.646 58; Sopot 81701-81881 54.442 18.560 58;
 Pruszcz Gdański 83000 54.262 18.636 58; Żukowo 83330 54.343 18.363 58
Gdynia 81001-81656 54.519 18.531 58; Rumia 84230 54.571 18.389 58; Wejherowo 84200 54.605 18.235 58;
 Reda 84240 54.605 18.347 58
Słupsk 76200-76216 54.464 17.028 59; Lębork 84300 54.539 17.750 59; Bytów 77100 54.171 17.491 59;
 Ustka 76270 54.580 16.861 59
Tczew 83110 54.092 18.777 58; Starogard Gdański 83200 53.964 18.530 58;
 Chojnice 89600-89620 53.696 17.557 52; Malbork 82200 54.036 19.027 55
"""


def list_places() -> pd.DataFrame:
    """Which towns does each district have?

    Returns
    -------
    pandas.DataFrame
        country, region, district, town (0 to ``TOWNS - 1`` in the district), city, low and high (postcodes as
        numbers), centre_latitude, centre_longitude, dial.
    """
    countries = {region: country for country, regions in REGIONS.items() for region in regions}
    rows: list[dict[str, object]] = []
    region, number = "", 0
    for line in PLACES.strip().replace(";\n ", "; ").splitlines():
        if line in countries:
            region, number = line, 0
            continue
        number += 1
        for town, entry in enumerate(line.split(";")):
            city, postcodes, latitude, longitude, dial = entry.strip().rsplit(" ", 4)
            low, _, high = postcodes.partition("-")
            rows.append(
                {
                    "country": countries[region],
                    "region": region,
                    "district": f"{region} {number}",
                    "town": town,
                    "city": city,
                    "low": int(low),
                    "high": int(high or low),
                    "centre_latitude": float(latitude),
                    "centre_longitude": float(longitude),
                    "dial": dial,
                }
            )
    return pd.DataFrame(rows)
