#!/usr/bin/env python3
"""Reads the result objects of a run back with pydicom and highdicom.

    read_back.py RESULTS SOURCES

For each image that has a report: one line with its SOP Instance UID, the probability, presence, the frames that the
report refers to, the number of segments, and how well the presentation state's outline agrees with the masks (Jaccard).
Ends with an error where references, sizes or identities don't fit together.
"""
import glob
import os
import sys

import highdicom
import numpy as np
import pydicom


def sources_below(folder):
    """Paths of radiographs by their SOP Instance UID."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            try:
                header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"])
            except Exception:
                continue
            found[str(header.get("SOPInstanceUID", ""))] = path
    return found


def outline(state, rows, columns):
    """The pixels whose centers lie within the lines of a presentation state (even-odd), from its file alone."""
    inside = np.zeros((rows, columns), bool)
    x = np.arange(columns) + 0.5
    for annotation in state.GraphicAnnotationSequence:
        for graphic in annotation.get("GraphicObjectSequence", []):
            assert graphic.GraphicType == "POLYLINE" and graphic.GraphicAnnotationUnits == "PIXEL"
            points = np.array(graphic.GraphicData).reshape(-1, 2)
            assert len(points) == graphic.NumberOfGraphicPoints
            # A line that ends at the border is closed along it.
            points = np.vstack([points, points[:1]])
            for (x0, y0), (x1, y1) in zip(points[:-1], points[1:]):
                low, high = min(y0, y1), max(y0, y1)
                for row in range(max(0, int(low - 0.5)), min(rows, int(high + 1))):
                    y = row + 0.5
                    if low <= y < high:
                        inside[row] ^= x > x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return inside


def check(stem, source_path):
    uid = os.path.basename(stem)
    source = pydicom.dcmread(source_path, stop_before_pixels=True)
    objects = {}
    report = highdicom.sr.srread(stem + ".report.dcm")
    objects["report"] = report
    segmentation = highdicom.seg.segread(stem + ".segmentation.dcm")
    objects["segmentation"] = segmentation
    masks = segmentation.get_pixels_by_source_instance([report_source(report)])[0]
    assert masks.shape[:2] == (source.Rows, source.Columns), masks.shape
    group, = [g for g in report.content.get_image_measurement_groups() if g.finding_type.value == "233604007"]
    probability, = [m.value for m in group.get_measurements()]
    presence, = [q.value.meaning for q in group.get_qualitative_evaluations()]
    frames, areas = [], []
    for region in report.content.get_planar_roi_measurement_groups():
        item = region.referenced_segmentation_frame[0].ReferencedSOPSequence[0]
        assert item.ReferencedSOPInstanceUID == segmentation.SOPInstanceUID
        frames.append(int(item.ReferencedFrameNumber))
        areas += [(frames[-1], m.value) for m in region.get_measurements()]
    assert frames == list(range(1, segmentation.number_of_segments + 1)), frames
    for frame, area in areas:
        pixels = int(masks[:, :, frame - 1].sum())
        assert pixels > 0 or area == 0
    evidence = {
        i.ReferencedSOPInstanceUID
        for e in report.CurrentRequestedProcedureEvidenceSequence
        for s in e.ReferencedSeriesSequence
        for i in s.ReferencedSOPSequence
    }
    assert evidence == {report_source(report), segmentation.SOPInstanceUID}, evidence
    agreement = float("nan")
    if os.path.exists(stem + ".presentation.dcm"):
        state = objects["presentation"] = pydicom.dcmread(stem + ".presentation.dcm")
        reference = state.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == report_source(report)
        inside = outline(state, source.Rows, source.Columns)
        lungs = masks.any(axis=2)
        union = (inside | lungs).sum()
        agreement = (inside & lungs).sum() / union if union else 1.0
    if os.path.exists(stem + ".overlay.dcm"):
        overlay = objects["overlay"] = pydicom.dcmread(stem + ".overlay.dcm")
        assert overlay.pixel_array.shape[-3:] == (overlay.Rows, overlay.Columns, 3)
    for name, item in objects.items():
        assert item.StudyInstanceUID == report.StudyInstanceUID, name
        assert item.get("PatientID") == report.get("PatientID"), name
    assert len({item.SeriesInstanceUID for item in objects.values()}) == len(objects)
    return f"{uid} {probability:.4f} {presence} {frames} {segmentation.number_of_segments} {agreement:.3f}"


def report_source(report):
    """The image that the report is about."""
    group, = [g for g in report.content.get_image_measurement_groups() if g.finding_type.value == "233604007"]
    return group.source_images[0].referenced_sop_instance_uid


def main():
    results, folder = sys.argv[1:3]
    sources = sources_below(folder)
    for path in sorted(glob.glob(os.path.join(glob.escape(results), "*.report.dcm"))):
        stem = path[: -len(".report.dcm")]
        print(check(stem, sources[os.path.basename(stem)]))


if __name__ == "__main__":
    main()
