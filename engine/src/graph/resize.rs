use super::Model;
use crate::error::{Error, Result};

impl Model {
    /// The same model for main inputs of other shapes, in the model's order: another batch, another size of picture. All
    /// shapes that follow are inferred anew; a session is then built as for any model.
    ///
    /// A shape that the model's operators or constants forbid, such as a RESHAPE to fixed extents, is
    /// [`Error::Invalid`] and names the node. An operator that takes a fixed number of elements apart in another way is
    /// not noticed: what a model computes outside the shapes it was made for is its maker's affair.
    pub fn resize(&self, inputs: &[&[usize]]) -> Result<Self> {
        let mut model = self.clone();
        let main = &mut model.graphs[0];
        if inputs.len() != main.inputs.len() {
            return Err(Error::invalid(format!(
                "the model takes {} inputs, {} shapes are given",
                main.inputs.len(),
                inputs.len()
            )));
        }
        for (&input, &shape) in main.inputs.iter().zip(inputs) {
            let value = &mut main.values[input.0];
            let too_large = |_| Error::invalid(format!("{} cannot have the shape {shape:?}", value.name));
            crate::tensor::checked_bytes(value.ty.dtype, shape).map_err(too_large)?;
            value.ty.shape = shape.to_vec();
        }
        let forbidden =
            |error| Error::invalid(format!("the model does not take inputs of {inputs:?}: {error}"));
        main.infer().map_err(forbidden)?;
        Ok(model)
    }
}
