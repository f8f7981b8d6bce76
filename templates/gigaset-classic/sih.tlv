4 = "../../sifs/sit_44x.bin"
