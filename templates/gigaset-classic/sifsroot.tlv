4 = "../../sifs/sih_4xx.bin"
