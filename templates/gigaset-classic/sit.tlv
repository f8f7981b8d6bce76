4 = "../../sifs/siu_444.bin"
