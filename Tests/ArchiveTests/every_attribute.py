"""An object in which every attribute of the dictionary names somebody, and what must hold of its copy.

python every_attribute.py make SAMPLE FOLDER | check FOLDER CODES"""
import pathlib
import sys

import pydicom
from pydicom.datadict import DicomDictionary, add_private_dict_entry
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

UID = "1.2.3.4.5.6.7"
VALUES = {
    "AE": "DOEMARK", "AS": "077Y", "CS": "DOEMARK", "DA": "19771231", "DS": "7.7", "DT": "19771231235959", "IS": "77",
    "LO": "Doe doemark", "LT": "Mr DOEMARK", "PN": "DOEMARK^JOHN", "SH": "DOEMARK", "ST": "at DOEMARK's", "TM": "235959",
    "UC": "DOEMARK", "UI": UID, "UR": "http://DOEMARK", "UT": "DOEMARK", "OB": b"DOEMARK ", "UN": b"DOEMARK ",
}
# What stays by the profile isn't filled: the picture, its kind, and what made it.
KEPT = {
    0x00080005, 0x00080016, 0x00080060, 0x00080068, 0x00080070, 0x00081090, 0x00181020, 0x00080008, 0x00180015, 0x00185101,
    0x00200020, 0x00280301,
}
# Sequences whose items are looked into.
CLEANED = {0x00082218, 0x00082220, 0x00540220, 0x00540222, 0x00400555, 0x00082112, 0x00081115, 0x00620002, 0x52009230}


def fill(dataset, depth):
    for number, (vr, *_) in sorted(DicomDictionary.items()):
        group = number >> 16
        if number in KEPT or group in (0x0000, 0x0002, 0x0028, 0x0006, 0x0004, 0xFFFC, 0xFFFE, 0x7FE0) or number & 0xFFFF == 0:
            continue
        vr = vr.split(" or ")[0]
        if vr == "SQ" and depth:
            item = Dataset()
            if number in CLEANED:
                fill(item, depth - 1)
            else:
                item.PatientName, item.InstitutionName, item.StudyDate, item.SOPInstanceUID = "DOEMARK", "DOEMARK", "19771231", UID
            dataset[number] = DataElement(number, "SQ", Sequence([item]))
        elif vr in VALUES:
            dataset[number] = DataElement(number, vr, VALUES[vr])


def make(sample, folder):
    source = pydicom.dcmread(sample)
    whole = pydicom.dcmread(sample)
    for dataset in (source, whole):
        if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
            dataset.decompress()
    fill(whole, 1)
    whole.BodyPartExamined, whole.ViewPosition, whole.PatientOrientation = "CHEST", "PA", ["L", "F"]
    whole.BurnedInAnnotation = "NO"
    block = whole.private_block(0x0011, "DOEMARK CREATOR", create=True)
    block.add_new(1, "LO", "DOEMARK")
    block.add_new(2, "UN", b"DOEMARK ")
    whole.add_new(0x60000010, "US", source.Rows)
    whole.add_new(0x60001500, "LO", "DOEMARK")
    whole.add_new(0x60003000, "OW", b"DOEMARK " * 200)
    whole.WindowCenterWidthExplanation = "DOEMARK"
    # What decides whether it is read at all, and how.
    for name in ("Modality", "SOPClassUID", "PresentationIntentType", "ImageType", "AnatomicRegionSequence", "ViewCodeSequence",
                 "Rows", "Columns"):
        if name in source and name not in ("AnatomicRegionSequence", "ViewCodeSequence"):
            whole[name] = source[name]
    for tag in [t for t in whole.keys() if Tag(t).group in (0x0028,)]:
        whole[tag] = source[tag] if tag in source else whole[tag]
    for tag in (0x00181600, 0x00283010, 0x00283000, 0x00283110, 0x20500020, 0x20500010):
        if tag in whole:
            del whole[tag]
    whole.file_meta.MediaStorageSOPInstanceUID = UID
    whole.file_meta.SourceApplicationEntityTitle = "DOEMARK"
    whole.SOPInstanceUID = whole.StudyInstanceUID = whole.SeriesInstanceUID = UID
    whole.preamble = b"DOEMARK ".ljust(128)
    save(whole, folder, "John DOEMARK.dcm")

    # What may stay, under representations that hide what it is.
    whole.SOPInstanceUID = whole.file_meta.MediaStorageSOPInstanceUID = UID + ".8"
    for tag, vr, value in (("ViewPosition", "OB", b"DOEMARK "), ("KVP", "LT", "DOEMARK"), ("Manufacturer", "PN", "DOEMARK"),
                           ("ExposureTime", "OB", b"DOEMARK "), ("RescaleType", "LO", "DOEMARK"),
                           ("Grid", "SQ", Sequence([Dataset({})]))):
        tag = pydicom.datadict.tag_for_keyword(tag)
        whole[tag] = DataElement(tag, vr, value)
    whole[0x00181166].value[0].PatientName = "DOEMARK"
    save(whole, folder, "Jane DOEMARK.dcm")


def save(dataset, folder, name):
    dataset.save_as(str(pathlib.Path(folder) / name), enforce_file_format=False, implicit_vr=False, little_endian=True)


def check(folder, codes):
    files = sorted(pathlib.Path(folder).rglob("*.dcm"))
    assert files
    for file in files:
        data = pydicom.dcmread(file)
        assert data.PatientIdentityRemoved == "YES"
        assert [c.CodeValue for c in data.DeidentificationMethodCodeSequence] == codes.split(",")
        assert all(c.CodingSchemeDesignator == "DCM" for c in data.DeidentificationMethodCodeSequence)
        assert data.LongitudinalTemporalInformationModified == "REMOVED"
        assert data.PatientID == data.PatientName and data.PatientID.startswith("P")
        assert data.StudyDate == "" and data.AccessionNumber == ""
        assert not any(element.tag.is_private for element in data.iterall())
        assert not any(element.tag.group & 0xFF00 == 0x6000 for element in data.iterall())
        assert ("PatientAge" in data) == ("113108" in codes)
        assert data.pixel_array.any()
        # Required beside a rescale: unspecified, where its own word was none of the standard's.
        assert "RescaleType" not in data or data.RescaleType in ("US", "OD", "HU")


if sys.argv[1] == "make":
    make(*sys.argv[2:])
else:
    check(*sys.argv[2:])
