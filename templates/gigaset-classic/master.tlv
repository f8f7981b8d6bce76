{# The first file: where the chain to the profile begins. The phone puts the name behind its own folder, so that it asks
   for 42/2/../../sifs/sifsroot.bin. It could name languages and firmware too, which are files of the maker's. -#}
3 = "../../sifs/sifsroot.bin"
