{# The last: the address of the profile. The phone puts its server's host and folder for %DURL, its MAC for %MACD. It is
   http, since these phones are too old for the TLS of today. -#}
0 = "http://%DURL/%MACD.xml"
