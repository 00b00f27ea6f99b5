"""Many small radiographs with UIDs of their own, made fast: one image of pydicom's, whose UIDs are written over in place.

    synthetic.py FOLDER COUNT [studies|flat]
"""
import io
import sys
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset

ROOT = "1.2.826.0.1.3680043.8.498"
CR = "1.2.840.10008.5.1.4.1.1.1"
STUDY, SERIES, IMAGE = 1, 2, 3


def uid(kind, number):
    """64 characters, the longest that there are, so that one takes the place of another."""
    head = f"{ROOT}.{kind}.1"
    return head + f"{number:0{64 - len(head)}d}"


def template(size):
    """A frontal chest radiograph, as far as a header goes: a bright body with two dark lungs."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.MediaStorageSOPClassUID = CR
    image.file_meta.MediaStorageSOPInstanceUID = uid(IMAGE, 0)
    image.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = CR, uid(IMAGE, 0)
    image.StudyInstanceUID, image.SeriesInstanceUID = uid(STUDY, 0), uid(SERIES, 0)
    image.PatientID, image.PatientName, image.PatientBirthDate, image.PatientSex = "SOAK", "Soak^Backlog", "", "O"
    image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20261101", "080000", "1", "1"
    image.ReferringPhysicianName, image.SeriesNumber, image.InstanceNumber = "", "1", "1"
    image.Modality, image.BodyPartExamined, image.ViewPosition = "CR", "CHEST", "PA"
    image.PatientOrientation, image.Manufacturer = ["L", "F"], "mmdicom tests"
    image.Rows = image.Columns = size
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    image.WindowCenter, image.WindowWidth = "128", "256"

    def tone(x, y):
        lung = any(((x - middle) / 0.16) ** 2 + ((y - 0.5) / 0.33) ** 2 < 1 for middle in (0.28, 0.72))
        return int(60 + 40 * y if lung else 190 - 30 * abs(x - 0.5))

    image.PixelData = bytes(tone(x / size, y / size) for y in range(size) for x in range(size))
    stream = io.BytesIO()
    image.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


class Images:
    """Image after image, each with the next number."""

    def __init__(self, per_study=2, first=0, size=64):
        self.bytes = bytearray(template(size))
        self.per_study, self.number = per_study, first
        self.places = {kind: self._places(kind) for kind in (STUDY, SERIES, IMAGE)}

    def _places(self, kind):
        old, places, start = uid(kind, 0).encode(), [], -1
        while (start := self.bytes.find(old, start + 1)) >= 0:
            places.append(start)
        return places

    def next(self):
        """The image's bytes and its SOP Instance UID."""
        self.number += 1
        study = (self.number - 1) // self.per_study + 1
        for kind, number in ((STUDY, study), (SERIES, study), (IMAGE, self.number)):
            for place in self.places[kind]:
                self.bytes[place : place + 64] = uid(kind, number).encode()
        return bytes(self.bytes), uid(IMAGE, self.number)

    def write(self, path):
        content, name = self.next()
        Path(path).write_bytes(content)
        return name

    def fill(self, folder, count, layout="studies"):
        """Writes images into a new folder: `flat`, or `studies`, each in a folder of its own. Returns their UIDs."""
        folder = Path(folder)
        folder.mkdir(parents=True)
        names = []
        for number in range(count):
            place = folder
            if layout == "studies":
                place = folder / f"{number // self.per_study:06d}"
                place.mkdir(exist_ok=True)
            names.append(self.write(place / f"{number:06d}.dcm"))
        return names


if __name__ == "__main__":
    Images().fill(sys.argv[1], int(sys.argv[2]), *sys.argv[3:4])
