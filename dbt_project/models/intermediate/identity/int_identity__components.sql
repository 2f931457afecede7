{{ connected_components(nodes=ref('int_identity__tokens'), edges=ref('int_identity__edges')) }}
