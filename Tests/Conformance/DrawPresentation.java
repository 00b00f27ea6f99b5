// Draws a presentation state on its image by DICOMscope, OFFIS's viewer, whose drawing nobody here wrote (dcmtk's dcmp2pgm
// leaves graphics out). From Debian: apt-get install dicomscope libdicomscope-jni default-jdk-headless
//
//   jar=/usr/share/java/DICOMscope.jar
//   javac -cp $jar -d /tmp Tests/Conformance/DrawPresentation.java
//   java -Djava.awt.headless=true -Djava.library.path=/usr/lib/x86_64-linux-gnu/jni -cp $jar:/tmp \
//     DrawPresentation IMAGE PRESENTATION /etc/dcmtk/DICOMscope.cfg drawn.png
//
// IMAGE must be in a transfer syntax that DCMTK 3.6.7 decodes (no JPEG 2000). Then look at drawn.png: the outlines must lie on the
// lungs. On 2026-11-26 they did: of a phantom, and of seven real radiographs of six sources (adults and children, MONOCHROME1 and 2, one
// with a Pixel Aspect Ratio, 224 to 1024 pixels), decompressed beforehand under the same UID. DICOMscope's letters have one size, so
// that on the smallest the text runs out of the picture.
import J2Ci.jDVInterface;
import J2Ci.jDVPrStateParam_GetPixelData;
import J2Ci.jDVPresentationState;
import java.awt.Dimension;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.File;
import javax.imageio.ImageIO;
import viewer.presentation.PresentationStateGraphicsHandler;

public class DrawPresentation {
  public static void main(String[] arguments) throws Exception {
    System.loadLibrary("jInterface");
    var viewer = new jDVInterface(new File(arguments[2]).getAbsolutePath());
    int status = viewer.loadPState(new File(arguments[1]).getAbsolutePath(), new File(arguments[0]).getAbsolutePath());
    jDVPresentationState state = viewer.getCurrentPState();
    var pixels = new jDVPrStateParam_GetPixelData();
    if (status != 0 || state.getPixelData(pixels) != 0) {
      System.err.println("the presentation state doesn't load with this image");
      System.exit(1);
    }
    for (int layer = 0; layer < state.getNumberOfGraphicLayers(); layer++) {
      System.err.println(
          state.getGraphicLayerName(layer) + ": " + state.getNumberOfGraphicObjects(layer) + " graphic objects, "
              + state.getNumberOfTextObjects(layer) + " texts");
    }
    int width = (int) pixels.width, height = (int) pixels.height;
    var picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int index = 0; index < width * height; index++) {
      int value = pixels.pixelData[index] & 0xFF;
      picture.setRGB(index % width, index / width, value << 16 | value << 8 | value);
    }
    var graphics = new PresentationStateGraphicsHandler(viewer);
    graphics.ps = state;
    graphics.havePresentationState = true;
    graphics.buildPresentationState();
    graphics.setScreenSize(new Dimension(width, height));
    graphics.drawPaintStructure(picture, new AffineTransform(), new AffineTransform(), false, 0, false);
    ImageIO.write(picture, "png", new File(arguments[3]));
    System.exit(0);
  }
}
